/*
 * What a step tells of itself, from its tables: --help in four forms.
 */
#ifndef CLI_HELP_H
#define CLI_HELP_H

struct opt_set;
struct step;
struct str;

/* Widest line of the text form. */
#define HELP_COLUMNS 80

/* --help: for people, on a terminal. */
void help_add_text(struct str *out, const struct step *self,
		   const struct opt_set *set);

/* --help=man: a manual page, in the man(7) macros. */
void help_add_man(struct str *out, const struct step *self,
		  const struct opt_set *set);

/* --help=markdown: the generated block of steps/<name>.md. */
void help_add_markdown(struct str *out, const struct step *self,
		       const struct opt_set *set);

/* --help=bash: completion. */
void help_add_bash(struct str *out, const struct step *self,
		   const struct opt_set *set);

#endif
