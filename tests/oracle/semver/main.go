// The reference for versions and constraints: Masterminds/semver as Helm
// 4.3.1 has it.
//
// Questions on standard input are separated by NUL bytes: two versions and a
// constraint with tabs between them.  The answer to each is a line: both
// versions as they are understood, the first one strictly, their order,
// whether the first satisfies the constraint; "-" where something is refused.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/Masterminds/semver/v3"
)

func text(version *semver.Version, err error) string {
	if err != nil {
		return "-"
	}
	return version.String()
}

func order(a, b *semver.Version) string {
	if a == nil || b == nil {
		return "-"
	}
	return fmt.Sprint(a.Compare(b))
}

func satisfies(version *semver.Version, constraint string) string {
	parsed, err := semver.NewConstraint(constraint)
	if err != nil {
		return "-"
	}
	if version == nil {
		return "?"
	}
	return fmt.Sprint(parsed.Check(version))
}

func main() {
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		panic(err)
	}
	output := bufio.NewWriter(os.Stdout)
	defer output.Flush()
	for _, question := range bytes.Split(input, []byte{0}) {
		parts := bytes.SplitN(question, []byte{'\t'}, 3)
		a, errA := semver.NewVersion(string(parts[0]))
		b, errB := semver.NewVersion(string(parts[1]))
		strict, errStrict := semver.StrictNewVersion(string(parts[0]))
		fmt.Fprintln(output, text(a, errA), text(b, errB),
			text(strict, errStrict), order(a, b),
			satisfies(a, string(parts[2])))
	}
}
