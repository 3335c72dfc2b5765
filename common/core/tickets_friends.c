#include "core/tickets_friends.h"

#include <stddef.h>
#include <string.h>

#include "base/attr.h"
#include "base/str.h"

/* Words, separated by blanks; @numbered: also with digits behind (SHA256). */
struct family {
	const char *words;
	bool numbered;
};

static const struct family families[] = {
	/* encodings */
	{"UTF UCS UNICODE ASCII ANSI EBCDIC LATIN CP WINDOWS WIN "
	 "KOI GB GBK BIG BASE",
	 true},
	/* digests, ciphers, signatures, curves */
	{"MD SHA SHAKE BLAKE RIPEMD CRC FNV XXH HMAC AES DES "
	 "CHACHA POLY SALSA ARGON RSA DSA ECDSA ED CURVE SECP P "
	 "HS RS PS ES PKCS",
	 true},
	/* media and archives */
	{"MP MPEG JPEG PNG GIF PDF LZ ZSTD BZIP GZIP EAN ISBN", true},
	/* processors and buses */
	{"X I AMD ARM ARMV MIPS RISCV AVX SSE NEON USB PCI PCIE "
	 "DDR SATA HDMI",
	 true},
	{"X86_64", false},
	/* numeronyms */
	{"I18N L10N A11Y K8S", false},
	/* standards */
	{"RFC BCP STD ISO IEC IEEE DIN EN ECMA ITU ETSI NIST FIPS "
	 "PEP JEP JSR KEP WCAG PSD",
	 true},
	/* vulnerabilities, advisories, diseases */
	{"CVE CWE CVSS CAPEC OSV GHSA RHSA RHBA RLSA ELSA ALAS "
	 "DLA USN COVID",
	 true},
	/* licences */
	{"GPL LGPL AGPL MPL EPL CDDL BSD MIT CC APACHE", true},
	/* protocols */
	{"HTTP HTTPS TLS TLSV SSL SSLV SSH TCP UDP IP IPV SMTP "
	 "IMAP POP OAUTH SAML WPA WEP MQTT AMQP GRPC SOAP",
	 true},
	/* languages and what runs them */
	{"JAVA JDK JRE JVM NODE NODEJS PYTHON PHP RUBY PERL "
	 "GOLANG RUST SCALA KOTLIN SWIFT DOTNET FORTRAN COBOL "
	 "HTML XHTML CSS XML JSON YAML SQL",
	 true},
	/* libraries, tools, systems */
	{"LOG4J SLF4J JUNIT OPENSSL GLIBC GCC CLANG LLVM CMAKE "
	 "MAVEN GRADLE DEBIAN UBUNTU RHEL CENTOS FEDORA ALPINE "
	 "SLES MACOS OSX",
	 true},
	/* months */
	{"JAN FEB MAR APR MAY JUN JUL AUG SEP SEPT OCT NOV DEC "
	 "JANUARY FEBRUARY MARCH APRIL JUNE JULY AUGUST SEPTEMBER "
	 "OCTOBER NOVEMBER DECEMBER",
	 false},
	/* days of the week */
	{"MON TUE TUES WED THU THUR THURS FRI SAT SUN MONDAY "
	 "TUESDAY WEDNESDAY THURSDAY FRIDAY SATURDAY SUNDAY",
	 false},
	/* time zones */
	{"UTC GMT WET WEST CET CEST EET EEST MSK BST IST JST EST "
	 "EDT CST CDT MST MDT PST PDT AKST AKDT HST AEST AEDT "
	 "ACST AWST NZST NZDT",
	 false},
	/* periods: Q3-2026, W42-2026 */
	{"Q H M W FY CW KW DAY WEEK MONTH QUARTER YEAR SPRINT", true},
	/* releases and their parts */
	{"V RC ALPHA BETA GA SNAPSHOT REV PHASE STEP LEVEL TIER "
	 "MILESTONE NOTE",
	 true},
	/* pull requests and issues of a forge */
	{"PR MR GH GL ISSUE ISSUES", false},
};

static bool has_word(const char *words, const char *word, size_t len)
{
	for (size_t at; *words; words += at + (words[at] == ' ')) {
		at = strcspn(words, " ");
		if (at == len && memcmp(words, word, len) == 0)
			return true;
	}
	return false;
}

bool ticket_false_friend(const char *project)
{
	size_t whole = strlen(project);
	size_t letters = whole;

	while (letters > 0 && strchr("0123456789", project[letters - 1]))
		letters--;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		const struct family *family = &families[i];

		if (has_word(family->words, project, whole) ||
		    (family->numbered &&
		     has_word(family->words, project, letters)))
			return true;
	}
	return false;
}
