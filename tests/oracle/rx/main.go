// The reference for regular expressions: Go's regexp.
//
// Questions on standard input are lines of three words in hexadecimal digits
// with "x" before each: a pattern, a text, a replacement.  The answer to each
// is a line: "-" if the pattern is refused, else the names of the groups, the
// places of all groups in all matches, and the text with all matches replaced.
package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"regexp"
	"strings"
)

func bytes(word string) string {
	decoded, err := hex.DecodeString(word[1:])
	if err != nil {
		panic(err)
	}
	return string(decoded)
}

func answer(pattern, text, replacement string) string {
	expression, err := regexp.Compile(pattern)
	if err != nil {
		return "-"
	}
	var places []string
	for _, match := range expression.FindAllStringSubmatchIndex(text, -1) {
		places = append(places, strings.Trim(fmt.Sprint(match), "[]"))
	}
	replaced := expression.ReplaceAllString(text, replacement)
	return fmt.Sprintf("%s [%s] x%x", strings.Join(expression.SubexpNames(), ","),
		strings.Join(places, ";"), replaced)
}

func main() {
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(nil, 64<<20)
	output := bufio.NewWriter(os.Stdout)
	defer output.Flush()
	for input.Scan() {
		words := strings.Fields(input.Text())
		fmt.Fprintln(output, answer(bytes(words[0]), bytes(words[1]), bytes(words[2])))
	}
	if err := input.Err(); err != nil {
		panic(err)
	}
}
