#include "format/tar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#define BLOCK	    512
#define NAME_SIZE   100
#define PREFIX_SIZE 155
#define ODD_BYTES   0x00ff00ff00ff00ff
#define MTIME_MAX   077777777777 /* eleven octal digits */
/* A record of extended headers that is not a file's content. */
#define SPECIAL_MAX  ((size_t)1 << 20)
#define SIZE_MAX_BIG ((uint64_t)1 << 40)

/* POSIX.1-2017, pax, "ustar Interchange Format". */
struct ustar {
	char name[NAME_SIZE];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char checksum[8];
	char type;
	char link[NAME_SIZE];
	char magic[6];
	char version[2];
	char user[32];
	char group[32];
	char devmajor[8];
	char devminor[8];
	char prefix[PREFIX_SIZE];
	char padding[12];
};

_Static_assert(sizeof(struct ustar) == BLOCK, "a header is one block");

union block {
	struct ustar header;
	unsigned char bytes[BLOCK];
	uint64_t words[BLOCK / sizeof(uint64_t)];
};

static size_t padding_of(size_t len)
{
	return (BLOCK - len % BLOCK) % BLOCK;
}

/* --- writing ------------------------------------------------------------- */

/* Zero padded octal with a NUL, as wide as the field. */
static void put_octal(char *field, size_t size, uint64_t number)
{
	field[size - 1] = '\0';
	for (size_t i = size - 1; i-- > 0; number >>= 3)
		field[i] = (char)('0' + (number & 7));
}

static void put_text(char *field, size_t size, const char *text, size_t len)
{
	memcpy(field, text, len < size ? len : size);
}

static unsigned int checksum_of(const union block *block)
{
	const size_t at = offsetof(struct ustar, checksum);
	const size_t size = sizeof(block->header.checksum);
	unsigned int sum = (unsigned int)size * ' ';
	uint64_t lanes = 0; /* four sums, of 128 bytes each */

	for (size_t i = 0; i < ARRAY_SIZE(block->words); i++)
		lanes += (block->words[i] & ODD_BYTES) +
			 (block->words[i] >> 8 & ODD_BYTES);
	for (; lanes; lanes >>= 16)
		sum += lanes & 0xffff;
	for (size_t i = at; i < at + size; i++)
		sum -= block->bytes[i];
	return sum;
}

static void add_block(struct str *tar, union block *block, char type,
		      size_t size)
{
	struct ustar *header = &block->header;

	header->type = type;
	put_octal(header->uid, sizeof(header->uid), 0);
	put_octal(header->gid, sizeof(header->gid), 0);
	put_octal(header->size, sizeof(header->size), size);
	memcpy(header->magic, "ustar", 6);
	memcpy(header->version, "00", 2);
	put_octal(header->checksum, 7, checksum_of(block));
	header->checksum[7] = ' ';
	str_add_bytes(tar, (const char *)block->bytes, BLOCK);
}

static void add_content(struct str *tar, const void *bytes, size_t len)
{
	str_add_bytes(tar, bytes, len);
	str_add_repeated(tar, '\0', padding_of(len));
}

/* Where a long name is cut into prefix and name; 0 = it cannot be. */
static size_t split_at(const char *name, size_t len)
{
	size_t at = len > PREFIX_SIZE + 1 ? PREFIX_SIZE + 1 : len;

	if (!is_ascii(name, len))
		return 0;
	while (at > 0 && name[--at] != '/')
		;
	if (at == 0 || len - at - 1 > NAME_SIZE || len - at - 1 == 0)
		return 0;
	return at;
}

/* One "<length> <key>=<value>\n"; the length counts its own digits. */
static void add_record(struct str *records, const char *key, const char *value)
{
	size_t rest = strlen(key) + strlen(value) + 3;
	size_t size = rest + (size_t)snprintf(NULL, 0, "%zu", rest);

	if ((size_t)snprintf(NULL, 0, "%zu", size) + rest != size)
		size++;
	str_addf(records, "%zu %s=%s\n", size, key, value);
}

/* @text without what is not ASCII, for readers that know no PAX. */
static void add_ascii(struct str *ascii, const char *text)
{
	for (; *text; text++) {
		if (!(*text & 0x80))
			str_add_char(ascii, *text);
	}
}

/* A cut must not leave what readers take for a folder. */
static void put_name(char *field, const char *name)
{
	CLEANUP(str_release) struct str ascii = {0};
	size_t kept = NAME_SIZE;

	add_ascii(&ascii, name);
	put_text(field, NAME_SIZE, str_text(&ascii), ascii.len);
	if (ascii.len <= NAME_SIZE)
		return;
	while (kept && field[kept - 1] == '/')
		kept--;
	if (kept < NAME_SIZE)
		field[kept] = '\0';
}

/* Go's for its own headers, where no slash may be last in any case. */
static void put_special_name(char *field, const char *name)
{
	CLEANUP(str_release) struct str ascii = {0};

	add_ascii(&ascii, name);
	if (ascii.len > NAME_SIZE)
		str_truncate(&ascii, NAME_SIZE);
	while (ends_with(str_text(&ascii), "/"))
		str_truncate(&ascii, ascii.len - 1);
	put_text(field, NAME_SIZE, str_text(&ascii), ascii.len);
}

static void add_pax_header(struct str *tar, const char *name,
			   const struct str *records)
{
	CLEANUP(str_release) struct str pax_name = {0};
	const char *slash = strrchr(name, '/');
	union block block = {0};

	if (slash)
		str_add_bytes(&pax_name, name, (size_t)(slash - name) + 1);
	str_add(&pax_name, "PaxHeaders.0/");
	str_add(&pax_name, slash ? slash + 1 : name);
	put_special_name(block.header.name, str_text(&pax_name));
	put_octal(block.header.mode, sizeof(block.header.mode), 0);
	put_octal(block.header.mtime, sizeof(block.header.mtime), 0);
	add_block(tar, &block, 'x', records->len);
	add_content(tar, records->buf, records->len);
}

void tar_add_file(struct str *tar, const char *name, int64_t mtime,
		  const void *bytes, size_t len)
{
	CLEANUP(str_release) struct str records = {0};
	bool time_fits = mtime >= 0 && mtime <= MTIME_MAX;
	size_t name_len = strlen(name);
	bool plain = name_len <= NAME_SIZE && is_ascii(name, name_len);
	size_t cut = plain ? 0 : split_at(name, name_len);
	union block block = {0};
	struct ustar *header = &block.header;

	if (!time_fits) {
		CLEANUP(free_ptr) char *text =
			xasprintf("%jd", (intmax_t)mtime);

		add_record(&records, "mtime", text);
	}
	if (!plain && !(cut && time_fits))
		add_record(&records, "path", name);
	if (records.len) {
		add_pax_header(tar, name, &records);
		put_name(header->name, name);
	} else {
		put_text(header->prefix, PREFIX_SIZE, name, cut);
		name += cut ? cut + 1 : 0;
		put_text(header->name, NAME_SIZE, name, strlen(name));
	}
	put_octal(header->mode, sizeof(header->mode), 0644);
	put_octal(header->mtime, sizeof(header->mtime),
		  time_fits ? (uint64_t)mtime : 0);
	put_octal(header->devmajor, sizeof(header->devmajor), 0);
	put_octal(header->devminor, sizeof(header->devminor), 0);
	add_block(tar, &block, '0', len);
	add_content(tar, bytes, len);
}

void tar_end(struct str *tar)
{
	str_add_repeated(tar, '\0', (size_t)2 * BLOCK);
}

/* --- reading ------------------------------------------------------------- */

/* What extended headers say about the member that follows. */
struct overrides {
	char *name;
	bool has_size;
	bool has_mtime;
	uint64_t size;
	int64_t mtime;
};

static void overrides_release(struct overrides *overrides)
{
	free(overrides->name);
	*overrides = (struct overrides){0};
}

static bool damaged(const struct tar_reader *reader, const char *what,
		    struct err *err)
{
	return err_set(err, ERR_INPUT,
		       "damaged archive: %s in the header at byte %zu", what,
		       reader->at);
}

/* GNU's base 256: the first bit is set, the second is the sign. */
static bool get_binary(const unsigned char *bytes, size_t size, int64_t *number)
{
	unsigned char invert = bytes[0] & 0x40 ? 0xff : 0;
	uint64_t value = 0;

	for (size_t i = 0; i < size; i++) {
		unsigned char byte = bytes[i] ^ invert;

		if (value >> 55)
			return false;
		value = value << 8 | (i ? byte : byte & 0x7f);
	}
	*number = invert ? -(int64_t)value - 1 : (int64_t)value;
	return true;
}

/* Octal, blanks around it, or in base 256. */
static bool get_number(const char *field, size_t size, int64_t *number)
{
	const unsigned char *bytes = (const unsigned char *)field;
	uint64_t value = 0;
	size_t i = 0;

	if (bytes[0] & 0x80)
		return get_binary(bytes, size, number);
	while (i < size && (field[i] == ' ' || !field[i]))
		i++;
	for (; i < size && field[i] >= '0' && field[i] <= '7'; i++)
		value = value << 3 | (uint64_t)(field[i] - '0');
	/* Old writers leave behind the NUL what was in their memory. */
	for (; i < size && field[i]; i++) {
		if (field[i] != ' ')
			return false;
	}
	*number = (int64_t)value;
	return true;
}

static bool checksum_fits(const union block *block)
{
	int64_t written;

	return get_number(block->header.checksum,
			  sizeof(block->header.checksum), &written) &&
	       written == checksum_of(block);
}

static bool is_zero(const char *bytes)
{
	for (size_t i = 0; i < BLOCK; i++) {
		if (bytes[i])
			return false;
	}
	return true;
}

static bool next_block(struct tar_reader *reader, union block *block,
		       struct err *err)
{
	if (reader->len - reader->at < BLOCK)
		return err_set(err, ERR_INPUT,
			       "damaged archive: cut off at byte %zu",
			       reader->len);
	memcpy(block->bytes, reader->bytes + reader->at, BLOCK);
	if (!checksum_fits(block))
		return damaged(reader, "wrong checksum", err);
	return true;
}

/* The content behind the header at reader->at; steps behind it. */
static bool take_content(struct tar_reader *reader, uint64_t size,
			 const char **bytes, struct err *err)
{
	size_t left = reader->len - reader->at - BLOCK;

	if (size > SIZE_MAX_BIG || size > left)
		return err_set(err, ERR_INPUT,
			       "damaged archive: cut off at byte %zu",
			       reader->len);
	*bytes = reader->bytes + reader->at + BLOCK;
	left -= size;
	reader->at += BLOCK + size;
	reader->at += left < padding_of(size) ? left : padding_of(size);
	return true;
}

static bool decimal(const char *text, size_t len, int64_t *number)
{
	bool minus = len && *text == '-';
	int64_t value = 0;

	for (size_t i = minus; i < len; i++) {
		if (text[i] < '0' || text[i] > '9' || value > INT64_MAX / 100)
			return false;
		value = value * 10 + (text[i] - '0');
	}
	*number = minus ? -value : value;
	return len > minus;
}

/* "12.75", to the nearest second, as Go writes it again. */
static bool read_time(const char *text, size_t len, int64_t *seconds)
{
	const char *point = memchr(text, '.', len);
	size_t whole = point ? (size_t)(point - text) : len;

	if (!decimal(text, whole, seconds))
		return false;
	for (size_t i = whole + 1; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
	}
	if (whole + 1 < len && point[1] >= '5')
		*seconds += *text == '-' ? -1 : 1;
	return true;
}

/* What is empty is not said: the header counts. */
static bool apply_record(struct overrides *overrides, const char *key,
			 size_t key_len, const char *value, size_t len)
{
	int64_t number;

	if (key_len == 4 && !memcmp(key, "path", 4)) {
		if (memchr(value, '\0', len))
			return false;
		free(overrides->name);
		overrides->name = len ? xmemdupz(value, len) : NULL;
		return true;
	}
	if (key_len == 4 && !memcmp(key, "size", 4)) {
		if (len && (!decimal(value, len, &number) || number < 0))
			return false;
		overrides->size = len ? (uint64_t)number : 0;
		overrides->has_size = len;
	}
	if (key_len == 5 && !memcmp(key, "mtime", 5)) {
		if (len && !read_time(value, len, &overrides->mtime))
			return false;
		overrides->has_mtime = len;
	}
	return true;
}

static bool apply_records(struct overrides *overrides, const char *text,
			  size_t len)
{
	while (len) {
		const char *blank = memchr(text, ' ', len);
		const char *equals;
		int64_t size;

		if (!blank || !decimal(text, (size_t)(blank - text), &size))
			return false;
		if (size < blank - text + 3 || (uint64_t)size > len ||
		    text[size - 1] != '\n')
			return false;
		equals = memchr(blank, '=', (size_t)(text + size - blank));
		if (!equals)
			return false;
		if (!apply_record(overrides, blank + 1,
				  (size_t)(equals - blank) - 1, equals + 1,
				  (size_t)(text + size - equals) - 2))
			return false;
		text += size;
		len -= (size_t)size;
	}
	return true;
}

/* Headers that describe the next member; *@special tells whether it is one. */
static bool take_special(struct tar_reader *reader, const union block *block,
			 uint64_t size, struct overrides *overrides,
			 bool *special, struct err *err)
{
	char type = block->header.type;
	const char *bytes;

	*special = strchr("xgLK", type) && type;
	if (!*special)
		return true;
	if (size > SPECIAL_MAX)
		return damaged(reader, "extended header too long", err);
	if (!take_content(reader, size, &bytes, err))
		return false;
	if (type == 'x' && !apply_records(overrides, bytes, size))
		return damaged(reader, "bad extended record", err);
	if (type == 'L' && size && *bytes) {
		free(overrides->name);
		overrides->name = xmemdupz(bytes, strnlen(bytes, size));
	}
	return true;
}

/* Only the oldest archives say "folder" by a slash. */
static enum tar_kind kind_of(char type, const char *name)
{
	switch (type) {
	case '\0':
		return ends_with(name, "/") ? TAR_DIR : TAR_FILE;
	case '0':
	case '7':
		return TAR_FILE;
	case '1':
	case '2':
		return TAR_LINK;
	case '5':
		return TAR_DIR;
	default:
		return TAR_OTHER;
	}
}

static char *name_of(const union block *block, struct overrides *overrides)
{
	const struct ustar *header = &block->header;
	char *name = overrides->name;

	if (name) {
		overrides->name = NULL;
		return name;
	}
	/* Not so in GNU's own format, whose magic has blanks. */
	if (!memcmp(header->magic, "ustar", 6) && header->prefix[0])
		return xasprintf("%.*s/%.*s", PREFIX_SIZE, header->prefix,
				 NAME_SIZE, header->name);
	return xmemdupz(header->name, strnlen(header->name, NAME_SIZE));
}

static bool take_member(struct tar_reader *reader, const union block *block,
			int64_t header_size, struct overrides *overrides,
			struct tar_member *member, struct err *err)
{
	uint64_t size =
		overrides->has_size ? overrides->size : (uint64_t)header_size;
	CLEANUP(free_ptr) char *name = name_of(block, overrides);
	struct tar_member taken = {.kind = kind_of(block->header.type, name)};

	if (strlen(name) > TAR_NAME_MAX)
		return damaged(reader, "name too long", err);
	if (overrides->has_mtime)
		taken.mtime = overrides->mtime;
	else if (!get_number(block->header.mtime, sizeof(block->header.mtime),
			     &taken.mtime))
		return damaged(reader, "bad time", err);
	/* Only files have content; others may still name a size. */
	if (taken.kind == TAR_DIR ||
	    (block->header.type >= '1' && block->header.type <= '6'))
		size = 0;
	if (!take_content(reader, size, &taken.bytes, err))
		return false;
	taken.len = size;
	free(reader->name);
	reader->name = name;
	name = NULL;
	taken.name = reader->name;
	*member = taken;
	return true;
}

bool tar_next(struct tar_reader *reader, struct tar_member *member, bool *found,
	      struct err *err)
{
	CLEANUP(overrides_release) struct overrides overrides = {0};

	for (;;) {
		union block block;
		bool special;
		int64_t size;

		if (reader->at == reader->len ||
		    (reader->len - reader->at >= BLOCK &&
		     is_zero(reader->bytes + reader->at))) {
			*found = false;
			return true;
		}
		if (!next_block(reader, &block, err))
			return false;
		if (!get_number(block.header.size, sizeof(block.header.size),
				&size) ||
		    size < 0)
			return damaged(reader, "bad size", err);
		if (!take_special(reader, &block, (uint64_t)size, &overrides,
				  &special, err))
			return false;
		if (special)
			continue;
		if (!take_member(reader, &block, size, &overrides, member, err))
			return false;
		*found = true;
		return true;
	}
}

void tar_reader_release(struct tar_reader *reader)
{
	free(reader->name);
	*reader = (struct tar_reader){0};
}

/* --- counting ------------------------------------------------------------ */

static bool count_member(struct tar_survey *survey, struct err *err)
{
	union block block;
	int64_t size;

	memcpy(block.bytes, survey->block, BLOCK);
	survey->filled = 0;
	if (is_zero(survey->block)) {
		survey->ended = true;
		return true;
	}
	if (!checksum_fits(&block) ||
	    !get_number(block.header.size, sizeof(block.header.size), &size) ||
	    size < 0)
		return err_set(err, ERR_INPUT,
			       "damaged archive: bad header of member %zu",
			       survey->members + 1);
	survey->members++;
	survey->bytes += (uint64_t)size;
	survey->skip = (uint64_t)size + padding_of((uint64_t)size);
	return true;
}

bool tar_survey_push(struct tar_survey *survey, const char *bytes, size_t len,
		     struct err *err)
{
	while (len) {
		size_t part = len;

		if (survey->ended) {
			survey->behind += len;
			return true;
		}
		if (survey->skip) {
			part = part < survey->skip ? part : survey->skip;
			survey->skip -= part;
		} else {
			size_t room = BLOCK - survey->filled;

			part = part < room ? part : room;
			memcpy(survey->block + survey->filled, bytes, part);
			survey->filled += part;
			if (survey->filled == BLOCK &&
			    !count_member(survey, err))
				return false;
		}
		bytes += part;
		len -= part;
	}
	return true;
}
