// The reference for the YAML reader and emitter: what Helm 4.3.1's library
// makes of the documents on standard input.
//
// Documents and answers are separated by NUL bytes.  The answer to each is
// its JSON and the YAML of that, or "error: ..." twice.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"sigs.k8s.io/yaml"
)

func main() {
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		panic(err)
	}
	output := &bytes.Buffer{}
	for _, document := range bytes.Split(input, []byte{0}) {
		json, err := yaml.YAMLToJSON(document)
		if err != nil {
			fmt.Fprintf(output, "error: %v\x00error\x00", err)
			continue
		}
		text, err := yaml.JSONToYAML(json)
		if err != nil {
			text = []byte("error: " + err.Error())
		}
		fmt.Fprintf(output, "%s\x00%s\x00", json, text)
	}
	os.Stdout.Write(output.Bytes())
}
