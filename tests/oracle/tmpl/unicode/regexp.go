package main

import (
	"fmt"
	"regexp"
	"sort"
	"strings"
	"unicode"
)

// foldName is what the table of the runes is called in C.
func foldName(kind, name string) string {
	return strings.ToLower(kind + "_" + name)
}

// printFolds prints the runes that belong to each when case does not count.
func printFolds(kind, source string, tables map[string]*unicode.RangeTable) {
	form := func(r run) string {
		return fmt.Sprintf("{0x%x, 0x%x, %d}", r.first, r.last, r.step)
	}
	for _, name := range regexpNames(tables) {
		var runs []run
		for _, r := range tables[name].R16 {
			runs = append(runs, run{rune(r.Lo), rune(r.Hi), rune(r.Stride), 0})
		}
		for _, r := range tables[name].R32 {
			runs = append(runs, run{rune(r.Lo), rune(r.Hi), rune(r.Stride), 0})
		}
		comment := fmt.Sprintf("unicode.%s[%q]", source, name)
		table(comment, "rx_steps", foldName(kind, name), append(runs, run{}), form)
	}
}

// regexpNames gives the keys under which regexp finds them, sorted.
func regexpNames[V any](table map[string]V) []string {
	var found []string
	for name := range table {
		if _, err := regexp.Compile(`\p{` + name + `}`); err == nil {
			found = append(found, name)
		}
	}
	sort.Strings(found)
	return found
}

// canonical is the form in which regexp compares names.
func canonical(name string) string {
	name = strings.ToLower(strings.ReplaceAll(name, "_", ""))
	return strings.ToUpper(name[:1]) + name[1:]
}

func printProperty(name, pcre2, fold string) {
	fmt.Printf("\t{\"%s\", {\"%s\", %s}},\n", canonical(name), pcre2, fold)
}

func printCategory(name, short string) {
	fold, pcre2 := "NULL", short
	if unicode.FoldCategory[short] != nil {
		fold = foldName("category", short)
	}
	if short == "LC" {
		pcre2 = "L&"
	}
	printProperty(name, pcre2, fold)
}

func printRegexp() {
	fmt.Printf(`/*
 * Categories and scripts of Unicode %s under the names that Go's regexp
 * knows, and the runes that belong to them when case does not count.
 * Generated: go run ./unicode regexp in tests/oracle/tmpl.  Included by
 * rx_class.c.
 */
/* clang-format off */
`, version())
	printFolds("category", "FoldCategory", unicode.FoldCategory)
	printFolds("script", "FoldScript", unicode.FoldScript)
	fmt.Print("\nstatic const struct named_property properties[] = {\n")
	for _, name := range regexpNames(unicode.Categories) {
		printCategory(name, name)
	}
	for _, name := range regexpNames(unicode.CategoryAliases) {
		printCategory(name, unicode.CategoryAliases[name])
	}
	for _, name := range regexpNames(unicode.Scripts) {
		fold := "NULL"
		if unicode.FoldScript[name] != nil {
			fold = foldName("script", name)
		}
		printProperty(name, "sc:"+name, fold)
	}
	fmt.Print("};\n")
}
