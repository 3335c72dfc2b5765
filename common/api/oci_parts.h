/*
 * What the files of api/oci share.
 */
#ifndef COMMON_API_OCI_PARTS_H
#define COMMON_API_OCI_PARTS_H

#include "api/oci.h"

#define OCI_PULL "pull"
#define OCI_PUSH "pull,push"

/* A request on "/v2/REPOSITORY/@rest", with rights for @actions. */
bool oci_prepare(struct oci *oci, const char *method, const char *repository,
		 const char *rest, const char *actions,
		 struct http_request *request, struct err *err) MUST_CHECK;

/* oci_has_manifest() in two halves, for http_run(). */
bool oci_ask_presence(struct oci *oci, const char *repository,
		      const char *reference, struct http_request *request,
		      struct err *err) MUST_CHECK;
bool oci_take_presence(const struct oci *oci,
		       const struct http_request *request,
		       const struct http_reply *reply, bool *found,
		       struct err *err) MUST_CHECK;

/* http_fail() with the registry's own words, and what to do about it. */
bool oci_fail(const struct oci *oci, const struct http_request *request,
	      const struct http_reply *reply, struct err *err);

/* Does the registry's first error have @code? */
bool oci_complains(const struct http_reply *reply, const char *code);

#endif
