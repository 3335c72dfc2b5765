#include "format/tar.h"

#include <stdio.h>

#include "base/err.h"
#include "base/str.h"
#include "tests/unit/unit.h"

#define TEN   "0123456789"
#define FIFTY TEN TEN TEN TEN TEN

/* Fields of a ustar header: where they start. */
enum {
	SIZE = 124,
	MTIME = 136,
	CHECKSUM = 148,
	TYPE = 156,
	MAGIC = 257,
	PREFIX = 345
};

static void test_one_file_as_go_writes_it(void **state)
{
	CLEANUP(str_release) struct str tar = {0};

	(void)state;
	tar_add_file(&tar, "web/Chart.yaml", 1763640000, "name: web\n", 10);
	tar_end(&tar);
	assert_int_equal(tar.len, 512 + 512 + 1024);
	assert_string_equal(tar.buf, "web/Chart.yaml");
	assert_memory_equal(tar.buf + 100, "0000644", 8);
	assert_memory_equal(tar.buf + 108,
			    "0000000\0"
			    "0000000\0"
			    "00000000012",
			    28);
	assert_memory_equal(tar.buf + MTIME, "15107601300", 12);
	assert_memory_equal(tar.buf + CHECKSUM + 6, "\0 0", 3);
	assert_memory_equal(tar.buf + MAGIC,
			    "ustar\0"
			    "00",
			    8);
	assert_memory_equal(tar.buf + 329,
			    "0000000\0"
			    "0000000",
			    16);
	assert_memory_equal(tar.buf + 512, "name: web\n\0\0", 12);
}

/* Which names fit one header, are cut at a slash, or need a PAX header. */
static void test_names(void **state)
{
	static const struct {
		const char *name;
		char first_type;
		const char *prefix;
	} cases[] = {
		{"web/values.yaml", '0', ""},
		{FIFTY FIFTY, '0', ""},
		{"web/" FIFTY FIFTY, '0', "web"},
		{FIFTY "/" FIFTY FIFTY, '0', FIFTY},
		{FIFTY FIFTY FIFTY "12345/x", '0', FIFTY FIFTY FIFTY "12345"},
		{FIFTY FIFTY "x", 'x', ""},
		{FIFTY FIFTY FIFTY "123456/x", 'x', ""},
		{"web/templates/r\xc3\xa9seau.yaml", 'x', ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(tar_reader_release) struct tar_reader reader = {0};
		CLEANUP(str_release) struct str tar = {0};
		struct tar_member member;
		struct err err = {0};
		bool found;

		tar_add_file(&tar, cases[i].name, 7, "content", 7);
		tar_end(&tar);
		assert_case(cases[i].name,
			    tar.buf[TYPE] == cases[i].first_type);
		if (cases[i].first_type == '0')
			assert_case(cases[i].name,
				    !strncmp(tar.buf + PREFIX, cases[i].prefix,
					     155));
		reader.bytes = tar.buf;
		reader.len = tar.len;
		assert_true(tar_next(&reader, &member, &found, &err));
		assert_true(found);
		assert_string_equal(member.name, cases[i].name);
		assert_int_equal(member.kind, TAR_FILE);
		assert_int_equal(member.mtime, 7);
		assert_int_equal(member.len, 7);
		assert_memory_equal(member.bytes, "content", 7);
		assert_true(tar_next(&reader, &member, &found, &err));
		assert_false(found);
	}
}

/* What readers without PAX see of a name. */
static void test_names_in_ascii(void **state)
{
	static const struct {
		const char *name;
		const char *of_header;
		const char *of_file;
	} cases[] = {
		{"a/\xc3\xa9x", "a/PaxHeaders.0/x", "a/x"},
		{"a/\xc3\xa9", "a/PaxHeaders.0", "a/"},
		{FIFTY FIFTY "/x\xc3\xa9", FIFTY FIFTY, FIFTY FIFTY},
		{"a/" FIFTY "1234567890123456789012345678901234567890123456/"
		 "\xc3\xa9/xyz/x",
		 "a/" FIFTY "1234567890123456789012345678901234567890123456",
		 "a/" FIFTY "1234567890123456789012345678901234567890123456"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(str_release) struct str tar = {0};
		char name[101] = "";

		tar_add_file(&tar, cases[i].name, 7, "", 0);
		memcpy(name, tar.buf, 100);
		assert_string_equal(name, cases[i].of_header);
		memcpy(name, tar.buf + 1024, 100);
		assert_string_equal(name, cases[i].of_file);
	}
}

static void test_times_that_ustar_cannot_hold(void **state)
{
	static const int64_t times[] = {-1, -1234567890, (int64_t)1 << 33,
					((int64_t)1 << 33) - 1, 0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		CLEANUP(tar_reader_release) struct tar_reader reader = {0};
		CLEANUP(str_release) struct str tar = {0};
		struct tar_member member;
		struct err err = {0};
		bool found;

		tar_add_file(&tar, "a", times[i], "", 0);
		reader.bytes = tar.buf;
		reader.len = tar.len;
		assert_true(tar_next(&reader, &member, &found, &err));
		assert_true(found);
		assert_int_equal(member.mtime, times[i]);
	}
}

static void put_checksum(char *header)
{
	char text[16];
	unsigned int sum = 0;

	memset(header + CHECKSUM, ' ', 8);
	for (int i = 0; i < 512; i++)
		sum += (unsigned char)header[i];
	snprintf(text, sizeof(text), "%06o", sum);
	memcpy(header + CHECKSUM, text, 7);
}

static void test_kinds(void **state)
{
	static const struct {
		char type;
		const char *name;
		enum tar_kind kind;
	} cases[] = {
		{'0', "a", TAR_FILE},  {'0', "a/", TAR_FILE},
		{'\0', "a", TAR_FILE}, {'\0', "a/", TAR_DIR},
		{'7', "a", TAR_FILE},  {'1', "a", TAR_LINK},
		{'2', "a", TAR_LINK},  {'3', "a", TAR_OTHER},
		{'5', "a", TAR_DIR},   {'6', "a", TAR_OTHER},
		{'S', "a", TAR_OTHER},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(tar_reader_release) struct tar_reader reader = {0};
		CLEANUP(str_release) struct str tar = {0};
		struct tar_member member;
		struct err err = {0};
		bool found;

		tar_add_file(&tar, cases[i].name, 0, "", 0);
		tar.buf[TYPE] = cases[i].type;
		put_checksum(tar.buf);
		reader.bytes = tar.buf;
		reader.len = tar.len;
		assert_true(tar_next(&reader, &member, &found, &err));
		assert_true(found);
		assert_int_equal(member.kind, cases[i].kind);
	}
}

/* What GNU tar writes: a member 'L' that holds the name of the next. */
static void test_gnu_long_name(void **state)
{
	CLEANUP(tar_reader_release) struct tar_reader reader = {0};
	CLEANUP(str_release) struct str tar = {0};
	const char *name = FIFTY FIFTY FIFTY;
	struct tar_member member;
	struct err err = {0};
	bool found;

	(void)state;
	tar_add_file(&tar, "././@LongLink", 0, name, strlen(name) + 1);
	tar.buf[TYPE] = 'L';
	put_checksum(tar.buf);
	tar_add_file(&tar, "cut", 0, "x", 1);
	reader.bytes = tar.buf;
	reader.len = tar.len;
	assert_true(tar_next(&reader, &member, &found, &err));
	assert_true(found);
	assert_string_equal(member.name, name);
	assert_memory_equal(member.bytes, "x", 1);
}

/* The archive @tar with one member, behind extended records of it. */
static bool read_one(struct str *tar, struct tar_reader *reader,
		     struct tar_member *member, struct err *err)
{
	bool found = false;

	reader->bytes = tar->buf;
	reader->len = tar->len;
	return tar_next(reader, member, &found, err) && found;
}

/* Go's archive/tar: what a record says, and which are none. */
static void test_extended_records(void **state)
{
	static const struct {
		const char *records;
		const char *name; /* NULL = refused */
		int64_t mtime;
	} cases[] = {
		{"9 path=b\n", "b", 7},
		{"8 path=\n", "a", 7},
		{"9 path=b\n8 path=\n", "a", 7},
		{"8 size=\n9 mtime=\n", "a", 7},
		{"12 mtime=12\n", "a", 12},
		{"14 mtime=12.4\n", "a", 12},
		{"15 mtime=12.51\n", "a", 13},
		{"15 mtime=-12.4\n", "a", -12},
		{"15 mtime=-12.6\n", "a", -13},
		{"14 mtime=1x.4\n", NULL, 0},
		{"12 size=1.0\n", NULL, 0},
		{"10 size=-1\n", NULL, 0},
		{"9.0 path=b\n", NULL, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(tar_reader_release) struct tar_reader reader = {0};
		CLEANUP(err_release) struct err err = {0};
		CLEANUP(str_release) struct str tar = {0};
		struct tar_member member = {0};
		const char *records = cases[i].records;
		bool read;

		tar_add_file(&tar, "x", 0, records, strlen(records));
		tar.buf[TYPE] = 'x';
		put_checksum(tar.buf);
		tar_add_file(&tar, "a", 7, "y", 1);
		read = read_one(&tar, &reader, &member, &err);
		assert_case(records, read == (cases[i].name != NULL));
		if (!read)
			continue;
		assert_case(records, same_text(member.name, cases[i].name));
		assert_case(records, member.mtime == cases[i].mtime);
		assert_case(records, member.len == 1);
	}
}

/* A number ends at its NUL, an empty long name is none: so in Go. */
static void test_leftovers(void **state)
{
	CLEANUP(tar_reader_release) struct tar_reader reader = {0};
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(str_release) struct str tar = {0};
	struct tar_member member;

	(void)state;
	tar_add_file(&tar, "././@LongLink", 0, "", 1);
	tar.buf[TYPE] = 'L';
	put_checksum(tar.buf);
	tar_add_file(&tar, "a", 7, "y", 1);
	memcpy(tar.buf + 1024 + MTIME, "\0 12\0left8\xff", 12);
	put_checksum(tar.buf + 1024);
	assert_true(read_one(&tar, &reader, &member, &err));
	assert_string_equal(member.name, "a");
	assert_int_equal(member.mtime, 10);
}

/* GNU tar's base 256 has negative numbers: times before 1970, but no sizes. */
static void test_numbers_in_base_256(void **state)
{
	CLEANUP(tar_reader_release) struct tar_reader reader = {0};
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(str_release) struct str tar = {0};
	struct tar_member member;

	(void)state;
	tar_add_file(&tar, "a", 7, "y", 1);
	memset(tar.buf + MTIME, 0xff, 12);
	tar.buf[MTIME + 11] = '\xfe';
	put_checksum(tar.buf);
	assert_true(read_one(&tar, &reader, &member, &err));
	assert_int_equal(member.mtime, -2);

	tar_reader_release(&reader);
	memset(tar.buf + SIZE, 0xff, 12);
	put_checksum(tar.buf);
	assert_false(read_one(&tar, &reader, &member, &err));
	assert_non_null(strstr(err.text, "bad size"));
}

static void test_damaged(void **state)
{
	static const struct {
		const char *name;
		size_t len;
		size_t at; /* byte to change */
		char byte;
		bool checksum; /* made right again */
		const char *cause;
	} cases[] = {
		{"half a header", 300, 0, 'a', false, "cut off"},
		{"half the content", 515, 0, 'a', false, "cut off"},
		{"checksum", 1024, 0, 'b', false, "wrong checksum"},
		{"size no number", 1024, 124, 'z', true, "bad size"},
		{"size too large", 1024, 124, '7', true, "cut off"},
		{"size of 2^70", 1024, 124, '\x80', true, "bad size"},
		{"time no number", 1024, MTIME, '-', true, "bad time"},
		{"PAX without records", 1024, TYPE, 'x', true,
		 "bad extended record"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(tar_reader_release) struct tar_reader reader = {0};
		CLEANUP(err_release) struct err err = {0};
		CLEANUP(str_release) struct str tar = {0};
		struct tar_member member;
		bool found;

		tar_add_file(&tar, "a", 0, "content", 7);
		tar.buf[cases[i].at] = cases[i].byte;
		if (cases[i].at == 124 && cases[i].byte == '\x80')
			memset(tar.buf + 125, 0x7f, 11);
		if (cases[i].checksum)
			put_checksum(tar.buf);
		reader.bytes = tar.buf;
		reader.len = cases[i].len;
		assert_case(cases[i].name,
			    !tar_next(&reader, &member, &found, &err));
		assert_case(cases[i].name, err.kind == ERR_INPUT);
		assert_case(err.text, strstr(err.text, cases[i].cause));
	}
}

/* However it is cut into parts, the same is counted. */
static void test_survey(void **state)
{
	static const size_t parts[] = {1, 7, 511, 512, 513, 1 << 20};
	CLEANUP(str_release) struct str tar = {0};
	CLEANUP(str_release) struct str name = {0};

	(void)state;
	str_add_repeated(&name, 'n', 300); /* needs an extended header */
	tar_add_file(&tar, "a", 0, "12345", 5);
	tar_add_file(&tar, "b", 0, NULL, 0);
	tar_add_file(&tar, str_text(&name), 0, "1", 1);
	tar_end(&tar);
	str_add(&tar, "behind");
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		struct tar_survey survey = {0};
		struct err err = {0};

		for (size_t at = 0; at < tar.len; at += parts[i]) {
			size_t len = tar.len - at < parts[i] ? tar.len - at
							     : parts[i];

			assert_true(tar_survey_push(&survey, tar.buf + at, len,
						    &err));
		}
		assert_int_equal(survey.members, 4);
		assert_true(survey.ended);
		assert_int_equal(survey.behind, 512 + strlen("behind"));
		assert_true(survey.bytes > 306 && survey.bytes < 512);
	}
}

static void test_survey_of_no_archive(void **state)
{
	CLEANUP(err_release) struct err err = {0};
	CLEANUP(str_release) struct str text = {0};
	struct tar_survey survey = {0};

	(void)state;
	str_add_repeated(&text, 'x', 512);
	assert_false(tar_survey_push(&survey, text.buf, text.len, &err));
	assert_int_equal(err.kind, ERR_INPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_file_as_go_writes_it),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_names_in_ascii),
		cmocka_unit_test(test_times_that_ustar_cannot_hold),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_gnu_long_name),
		cmocka_unit_test(test_extended_records),
		cmocka_unit_test(test_leftovers),
		cmocka_unit_test(test_numbers_in_base_256),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_survey),
		cmocka_unit_test(test_survey_of_no_archive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
