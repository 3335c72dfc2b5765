/* Marks of what was verified: read, and written down. */
#include "api/chartrepo.h"
#include "base/clock.h"
#include "base/err.h"
#include "core/audit.h"
#include "flow/audit_parts.h"

bool audit_marks_read(struct audit_marks *marks, struct err *err)
{
	CLEANUP(str_release) struct str text = {0};

	marks->written_ms = clock_monotonic_ms();
	if (chartrepo_get(marks->audit->repo, AUDIT_MARKS, AUDIT_MARKS_SIZE_MAX,
			  &text, err)) {
		audit_read_marks(&marks->known, str_text(&text), text.len);
		return true;
	}
	if (err->kind != ERR_NOT_FOUND)
		return err_wrap(err, "cannot read what was verified before");
	err_release(err);
	return true;
}

void audit_marks_see(struct audit_marks *marks, const char *mark)
{
	if (!map_has(&marks->known, mark)) {
		map_put(&marks->known, mark, marks);
		marks->fresh++;
	}
	str_addf(&marks->seen, "%s\n", mark);
}

static bool write_down(struct audit_marks *marks, const struct str *text,
		       struct err *err)
{
	if (!chartrepo_put_object(marks->audit->repo, AUDIT_MARKS,
				  str_text(text), text->len, err))
		return err_wrap(err, "cannot note what was verified");
	marks->fresh = 0;
	marks->written_ms = clock_monotonic_ms();
	return true;
}

static bool writes(const struct audit_marks *marks)
{
	return audit_writes(marks->audit) && marks->fresh;
}

bool audit_marks_keep(struct audit_marks *marks, struct err *err)
{
	CLEANUP(str_release) struct str text = {0};

	if (!writes(marks) ||
	    clock_monotonic_ms() - marks->written_ms < AUDIT_MARKS_EVERY_MS)
		return true;
	for (size_t i = 0; i < marks->known.count; i++)
		str_addf(&text, "%s\n", marks->known.entries[i].key);
	return write_down(marks, &text, err);
}

bool audit_marks_finish(struct audit_marks *marks, struct err *err)
{
	return !writes(marks) || write_down(marks, &marks->seen, err);
}

void audit_marks_release(struct audit_marks *marks)
{
	map_release(&marks->known);
	str_release(&marks->seen);
}
