/*
 * float64 as text, as Go's strconv.FormatFloat writes it.
 */
#ifndef TMPL_GOFLOAT_H
#define TMPL_GOFLOAT_H

struct str;

/*
 * Append @number in @format: b e E f g G x X.  @precision is the number of
 * digits, behind the point or for g in all; -1: as short as reads back.
 */
void gofloat_add(struct str *out, double number, char format, int precision);

#endif
