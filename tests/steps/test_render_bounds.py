"""Hostile templates and data end in an error, in bounded memory and time.

Each render has 256 MiB of addresses, libraries included, the usual stack, and
15 s of processor for its 10 s of work.
"""

from __future__ import annotations

import os
import resource
import subprocess
from pathlib import Path

import pytest

STEP = Path(os.environ["SLIPWAY_BIN"]) / "umbrella-render"
ADDRESSES = 256 << 20
SECONDS = 15

DEEP = 100_000


def nested(before: str, middle: str, after: str, depth: int = DEEP) -> str:
    return before * depth + middle + after * depth


GROWING = '(($x := list 1 ))((range 100))(($x = list $x $x ))((end))'
FULL = '(($l := list))((range 1000))(($l = append $l (repeat 1000000 "x") ))((end))'

# template, what the error says
TEMPLATES = {
    "parentheses": ("((" + nested("(", "1", " )") + " ))", "nested more than"),
    "negations": ("((" + nested("(not ", "1", " )") + " ))",
                  "nested more than"),
    "ifs": (nested("((if 1))", "x", "((end))"), "nested more than"),
    "elses": (nested("((if 0))((else))", "x", "((end))"), "nested more than"),
    "ranges": (nested("((range 2))", "x", "((end))"), "nested more than"),
    "blocks": ("".join(f'((block "b{i}" .))' for i in range(DEEP)),
               "nested more than"),
    "template calls itself": ('((define "r"))((template "r" .))((end))'
                              '((template "r" .))', "more than 1001 deep"),
    "include calls itself": ('((define "r"))((include "r" .))((end))'
                             '((include "r" .))', "more than 1001 deep"),
    "include in control structures": (
        '((define "r"))' + nested("((with 1))((if 1))", '((include "r" .))',
                                  "((end))((end))", 400) +
        '((end))((include "r" .))', "deep"),
    "include in parentheses": (
        '((define "r"))((' + nested("(print ", '(include "r" . )', " )", 900) +
        ' ))((end))((include "r" .))', "deep"),
    "tpl of itself": ('(($t := "((tpl .t .))"))((tpl $t (dict "t" $t) ))',
                      "more than 1001 deep"),
    "tpl doubles": ('(($t := "((tpl .t .))((tpl .t .))"))'
                    '((tpl $t (dict "t" $t) ))', "more than 1001 deep"),
    "tpl of deep text": ('((tpl (repeat 100000 "((if 1))") .))',
                         "nested more than"),
    "include doubles": ('((define "r"))((if gt . 0 ))'
                        '((include "r" (sub . 1) ))((include "r" (sub . 1) ))'
                        '((end))((end))((include "r" (int64 64) ))',
                        "more work than|values take"),
    "include keeps all it made": (
        '((define "r"))((repeat 1000000 "a"))((include "r" .))((end))'
        '((include "r" .))', "output is larger"),
    "output": ("((range 1000000))((repeat 1000 `x`))((end))",
               "output is larger"),
    "repeat": ('((repeat 1000000000 "abc"))', "larger than"),
    "indent": ('((indent 999999999 "a"))', "indent"),
    "width": ("((range 1000))((printf `%1000000d` 1))((end))",
              "output is larger"),
    "contains": ('(($x := repeat 1000000 "a"))(($y := print (repeat 1000 "a") '
                 '"b" (repeat 1000 "a") ))((range 1000000))((if contains $y $x '
                 '))x((end))((end))', "more work than"),
    "precision": ('((range 1000000))(($x := printf "%.400000f" 1.1))((end))',
                  "more work than|MiB"),
    "until": ("((until 2000000000))", "more work than"),
    "long loop": ("((range 1000000000000))((end))", "more work than"),
    "many values": (FULL, "MiB of memory"),
    "sums": ("(($s := `x`))((range 100))(($s = print $s $s))((end))",
             "larger than"),
    "wide sharing, printed": (GROWING + "(($x))", "output is larger"),
    "wide sharing, as YAML": (GROWING + "((toYaml $x))", "too deep or too"),
    "wide sharing, as JSON": (GROWING + "((toJson $x))", "too deep or too"),
    "wide sharing, copied": (GROWING + "((deepCopy $x))", "too deep or too"),
    "a map in itself, merged": (
        '(($d := dict))(($_ := set $d "a" $d))((merge (dict) $d $d))',
        "too deep"),
    "a map in itself": ('(($d := dict))(($_ := set $d "a" $d))((toYaml $d))',
                        "too deep or too"),
    "a map in itself, as JSON": (
        '(($d := dict))(($_ := set $d "a" $d))((toJson $d))',
        "too deep or too"),
    "deep YAML": ('((fromYaml (repeat 100000 "[") ).Error | len))',
                  None),
    "deep YAML, often": (
        '(($y := repeat 900 "["))((range 1000000))(($x := fromYaml $y))((end))',
        "more work than"),
    "deep and long YAML, often": (
        '(($y := print (repeat 990 "[") (repeat 250000 "x,") ))'
        '((range 1000000))(($x := fromYaml $y))((end))', "more work than"),
    "long branch, often": (
        '(($s := repeat 1000000 "A"))((range 100000))(($x := branchSlug $s))'
        '((end))', "more work than"),
    "deep JSON": ('(((fromJson (printf "%s%s" (repeat 100000 "[") '
                  '(repeat 100000 "]")) ).Error))', None),
    "deep TOML": ('(((fromToml (printf "a = %s%s" (repeat 100000 "[") '
                  '(repeat 100000 "]")) ).Error))', None),
    "alias bomb": ('(($y := "a: &a [x,x,x,x,x,x,x,x,x]\\n"))'
                   '((range $i := 12))(($y = printf "%s\\n%c: &%c [*%c,*%c,*%c,'
                   '*%c,*%c,*%c,*%c,*%c]\\n" $y (add 98 $i) (add 98 $i) '
                   '(add 97 $i) (add 97 $i) (add 97 $i) (add 97 $i) '
                   '(add 97 $i) (add 97 $i) (add 97 $i) (add 97 $i)))((end))'
                   '((fromYaml $y | toJson | len))', None),
    "no regular expression": (
        '(($p := print "[" (repeat 32000 "[:") ))((regexMatch $p "x" ))', None),
    "no regular expression, often": (
        '(($p := print "[" (repeat 32000 "[:") ))((range 1000000))'
        '((if regexMatch $p "x" ))y((end))((end))', "more work than"),
    "one way through a regular expression": (
        '((regexMatch (print (repeat 60 "a{1000}") "[bc]") (repeat 1000000 "a") ))',
        "more than 100000000 steps"),
    "a long way through a regular expression": (
        '((regexMatch (print (repeat 20000 "a") "[bc]") (repeat 1000000 "a") ))',
        "more than 100000000 steps"),
    "regular expression": ('((regexMatch "(a*)*(b|a*)*c" '
                           '(repeat 100000 "a")))', None),
    "replacement": ('(($x := repeat 1000000 "a"))'
                    '((regexReplaceAll "a" $x (repeat 1000 "b") ))',
                    "larger than|more work|MiB"),
}

# What goes through a long text by the byte.
TEMPLATES |= {
    f"long text, {function}, often": (
        '(($s := repeat 1000000 "<"))((range 100000))'
        f'(($x := {function} $s))((end))', "more work than")
    for function in ("quote", "html", "js", "urlquery", "regexQuoteMeta")}


def limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def render(folder: Path, template: str, context: str | None = None):
    (folder / "t").write_text(template)
    arguments = ["--file", "t"]
    if context is not None:
        (folder / "c.yaml").write_text(context)
        arguments += ["--context", "c.yaml"]
    return subprocess.run([STEP, *arguments], cwd=folder, timeout=60,
                          preexec_fn=limit, capture_output=True, text=True,
                          env={"PATH": os.defpath, "TMPDIR": str(folder)})


@pytest.mark.parametrize("name", TEMPLATES)
def test_hostile_templates_end_in_an_error(tmp_path: Path, name: str):
    template, message = TEMPLATES[name]
    result = render(tmp_path, template)
    if message is None:             # an answer is as good
        assert result.returncode in (0, 2), result.stderr[:2000]
        return
    assert result.returncode == 2, (result.returncode, result.stderr[:2000])
    assert result.stdout == ""
    assert any(word in result.stderr for word in message.split("|")), \
        result.stderr[:2000]


@pytest.mark.parametrize("context", [
    nested("[", "", "]"), nested("{a: ", "1", "}"), nested("- ", "1", ""),
    "".join(" " * i + "a:\n" for i in range(3000)),
    "[" * DEEP, "!!str " * 1000 + "x", "&a [*a]", "a: &a {<<: *a}",
    "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 10)}]"
        "\n" for i in range(12)),
    "a: " + "x" * (70 << 20),
], ids=["lists", "maps", "items", "blocks", "open", "tags", "itself", "merge",
        "laughs", "long"])
def test_hostile_data_ends_in_an_answer(tmp_path: Path, context: str):
    result = render(tmp_path, "x(( len (toJson .) ))", context)
    assert result.returncode in (0, 2), (result.returncode,
                                         result.stderr[:2000])
    assert result.returncode == 0 or "error:" in result.stderr
