// Prints what Go's unicode and strconv packages say about runes, as sorted
// ranges: with the argument "classes" common/base/unicode-class-tables.h,
// with "cases" common/base/unicode-case-tables.h.  With "regexp" what regexp
// says about categories and scripts: common/format/rx-tables.h.
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"unicode"
)

type run struct {
	first, last, step, delta rune
}

// members gives the ranges of the runes for which is() holds.
func members(is func(rune) bool) []run {
	var runs []run
	for r := rune(0x80); r <= unicode.MaxRune; r++ {
		if !is(r) {
			continue
		}
		if n := len(runs); n > 0 && runs[n-1].last == r-1 {
			runs[n-1].last = r
		} else {
			runs = append(runs, run{r, r, 1, 0})
		}
	}
	return runs
}

// mapped gives the ranges, every rune or every second one, that to() moves by
// the same distance.
func mapped(to func(rune) rune) []run {
	var runs []run
	for r := rune(0x80); r <= unicode.MaxRune; r++ {
		delta := to(r) - r
		if delta == 0 {
			continue
		}
		if n := len(runs); n > 0 && runs[n-1].delta == delta {
			last := &runs[n-1]
			step := r - last.last
			if step <= 2 && (last.first == last.last || last.step == step) {
				last.last, last.step = r, step
				continue
			}
		}
		runs = append(runs, run{r, r, 1, delta})
	}
	return runs
}

func table(comment, kind, name string, runs []run, form func(run) string) {
	fmt.Printf("\n/* %s */\nstatic const struct %s %s[] = {", comment, kind, name)
	column := 80
	for _, r := range runs {
		text := form(r) + ","
		if column+1+len(text) > 80 {
			fmt.Print("\n\t")
			column = 8
		} else {
			fmt.Print(" ")
			column++
		}
		fmt.Print(text)
		column += len(text)
	}
	fmt.Print("\n};\n")
}

func pair(r run) string {
	return fmt.Sprintf("{0x%x, 0x%x}", r.first, r.last)
}

func shift(r run) string {
	return fmt.Sprintf("{0x%x, 0x%x, %d, %d}", r.first, r.last, r.step, r.delta)
}

func set(name, gos string, is func(rune) bool) {
	table("unicode."+gos, "rune_range", name, members(is), pair)
}

func classes() {
	set("letters", "IsLetter", unicode.IsLetter)
	set("digits", "IsDigit", unicode.IsDigit)
	set("numbers", "IsNumber", unicode.IsNumber)
	set("punctuation", "IsPunct", unicode.IsPunct)
	table("strconv.IsPrint", "rune_range", "printables", members(strconv.IsPrint), pair)
}

func cases() {
	set("upper_case", "IsUpper", unicode.IsUpper)
	set("lower_case", "IsLower", unicode.IsLower)
	set("title_case", "IsTitle", unicode.IsTitle)
	table("unicode.ToUpper", "rune_shift", "uppers", mapped(unicode.ToUpper), shift)
	table("unicode.ToLower", "rune_shift", "lowers", mapped(unicode.ToLower), shift)
	table("unicode.ToTitle", "rune_shift", "titles", mapped(unicode.ToTitle), shift)
}

func version() string {
	return strings.TrimSuffix(unicode.Version, ".0")
}

func main() {
	if os.Args[1] == "regexp" {
		printRegexp()
		return
	}
	which := map[string]func(){"classes": classes, "cases": cases}[os.Args[1]]
	fmt.Printf(`/*
 * The %s of runes from U+0080 on, as Go has them (Unicode %s).
 * Generated: go run ./unicode %[1]s, in tests/oracle/tmpl.  Included by unicode.c.
 */
/* clang-format off */
`, os.Args[1], version())
	which()
}
