# From the prose of a steps/<name>.md to man(7), behind what --help=man gives.
#
# Known: headings, paragraphs, lists with -, fenced blocks, tables (shown as
# they are), `code`, **bold** and [links](...).  The title and the generated
# block of options are left out.

function escape(text)
{
	gsub(/\\/, "\\e", text)
	gsub(/-/, "\\-", text)
	return text ~ /^[.']/ ? "\\&" text : text
}

function inline(text)
{
	text = escape(text)
	text = unlinked(text)
	text = pairs(text, "`")
	return pairs(text, "**")
}

# [words](address) as words.
function unlinked(text,    words)
{
	while (match(text, /\[[^]]*\]\([^)]*\)/)) {
		words = substr(text, RSTART + 1, RLENGTH - 1)
		sub(/\].*/, "", words)
		text = substr(text, 1, RSTART - 1) words \
			substr(text, RSTART + RLENGTH)
	}
	return text
}

# What stands between two marks in bold.
function pairs(text, mark,    at, rest, before)
{
	before = ""
	while ((at = index(text, mark)) > 0) {
		rest = substr(text, at + length(mark))
		if (!index(rest, mark))
			break
		before = before substr(text, 1, at - 1) "\\fB" \
			substr(rest, 1, index(rest, mark) - 1) "\\fR"
		text = substr(rest, index(rest, mark) + length(mark))
	}
	return before text
}

function verbatim(on)
{
	if (on != in_verbatim)
		print on ? ".PP\n.EX" : ".EE"
	in_verbatim = on
}

BEGIN { print ".SH DESCRIPTION" }

/^<!-- options:/ { in_options = 1 }
/^<!-- end of options/ { in_options = 0; next }
in_options || /^# / || /^<!--/ { next }

/^```/ { in_fence = !in_fence; verbatim(in_fence); next }
in_fence { print escape($0); next }
/^\|/ { verbatim(1); print escape($0); next }
{ verbatim(0) }

/^## / { print ".SH " toupper(escape(substr($0, 4))); next }
/^### / { print ".SS " escape(substr($0, 5)); next }
/^- / { print ".IP \\(bu 2\n" inline(substr($0, 3)); next }
/^$/ { if (!blank) print ".PP"; blank = 1; next }
{ blank = 0; sub(/^ +/, ""); print inline($0) }
