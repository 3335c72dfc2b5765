// The reference for the YAML reader and emitter: what Helm 4.3.1's library
// makes of the documents on standard input.
//
// Documents and answers are separated by NUL bytes.  The answer to each is
// its JSON, the YAML of that, the JSON of what Unmarshal makes of it without
// a type (numbers are floats, as in fromYaml), whether UnmarshalStrict takes
// it: "strict" or an error, and the JSON of it as a values file, which may have
// several documents.  A part that fails is "error: ...".
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"sigs.k8s.io/yaml"
)

func failed(err error) []byte {
	return []byte("error: " + err.Error())
}

func values(document []byte) []byte {
	merged, err := loader.LoadValues(bytes.NewReader(document))
	if err != nil {
		return failed(err)
	}
	text, err := json.Marshal(merged)
	if err != nil {
		return failed(err)
	}
	return text
}

func answer(document []byte) [][]byte {
	var value, ignored any

	plain, err := yaml.YAMLToJSON(document)
	if err != nil {
		return [][]byte{failed(err), nil, nil, nil, values(document)}
	}
	text, err := yaml.JSONToYAML(plain)
	if err != nil {
		text = failed(err)
	}
	floats := []byte{}
	if err := yaml.Unmarshal(document, &value); err != nil {
		floats = failed(err)
	} else if floats, err = json.Marshal(value); err != nil {
		floats = failed(err)
	}
	strict := []byte("strict")
	if err := yaml.UnmarshalStrict(document, &ignored); err != nil {
		strict = failed(err)
	}
	return [][]byte{plain, text, floats, strict, values(document)}
}

func main() {
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		panic(err)
	}
	output := &bytes.Buffer{}
	for _, document := range bytes.Split(input, []byte{0}) {
		for _, part := range answer(document) {
			fmt.Fprintf(output, "%s\x00", part)
		}
	}
	os.Stdout.Write(output.Bytes())
}
