/* Functions that other engines have and that are not wanted here. */
#include <stddef.h>

#include "tmpl/func.h"

#define NO_ENVIRONMENT                                                       \
	"it would show secrets of the pipeline; use .Env.NAME, which holds " \
	"what the step exposes"
#define NO_KEYS                                                             \
	"it would give another secret in each render; keep it in a Secret " \
	"of the cluster and name that"
#define NO_PASSWORDS                                                     \
	"passwords are made with it, and it would give another one in "  \
	"each render; keep the password in a Secret of the cluster and " \
	"name that, or for a name that is unique use uuidv4"

const struct func funcs_refused[] = {
	{"env", .refused = NO_ENVIRONMENT},
	{"expandenv", .refused = NO_ENVIRONMENT},
	{"getHostByName",
	 .refused = "it would ask the name server in each render; write the "
		    "name, and let the cluster resolve it"},
	{"bcrypt", .refused = NO_KEYS},
	{"buildCustomCert", .refused = NO_KEYS},
	{"derivePassword", .refused = NO_KEYS},
	{"genCA", .refused = NO_KEYS},
	{"genCAWithKey", .refused = NO_KEYS},
	{"genPrivateKey", .refused = NO_KEYS},
	{"genSelfSignedCert", .refused = NO_KEYS},
	{"genSelfSignedCertWithKey", .refused = NO_KEYS},
	{"genSignedCert", .refused = NO_KEYS},
	{"genSignedCertWithKey", .refused = NO_KEYS},
	{"htpasswd", .refused = NO_KEYS},
	{"randAlpha", .refused = NO_PASSWORDS},
	{"randAlphaNum", .refused = NO_PASSWORDS},
	{"randAscii", .refused = NO_PASSWORDS},
	{"randBytes", .refused = NO_PASSWORDS},
	{"randNumeric", .refused = NO_PASSWORDS},
	{"call", .refused = "data holds no functions to call"},
	{NULL},
};
