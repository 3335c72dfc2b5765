// The reference for templates: Go's text/template with Sprig, and what Helm
// 4.3.1 adds (pkg/engine), as far as ours has it.
//
// Reads cases from standard input: the missing-key mode, the data as JSON and
// the template, separated by NUL bytes.  Answers each with "ok" and the output
// in hexadecimal, or with "error" and what is wrong.
//
// With two arguments, a template and a file of data, just the output.
package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"strconv"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"sigs.k8s.io/yaml"
)

// Helm's own functions.
var helm = template.FuncMap{
	"toYaml": func(value any) string {
		text, err := yaml.Marshal(value)
		if err != nil {
			return ""
		}
		return strings.TrimSuffix(string(text), "\n")
	},
	"required": func(warning string, value any) (any, error) {
		if value == nil || value == "" {
			return value, errors.New(warning)
		}
		return value, nil
	},
}

// narrow gives whole numbers the type int, as gomplate's data has them.
func narrow(value any) any {
	switch value := value.(type) {
	case json.Number:
		if whole, err := strconv.Atoi(value.String()); err == nil {
			return whole
		}
		number, err := value.Float64()
		if err != nil {
			log.Fatal(err)
		}
		return number
	case []any:
		for i := range value {
			value[i] = narrow(value[i])
		}
	case map[string]any:
		for key := range value {
			value[key] = narrow(value[key])
		}
	}
	return value
}

func render(out io.Writer, mode string, data, text []byte) (err error) {
	var root any

	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(&root); err != nil {
		return err
	}
	parsed, err := template.New("test").Delims("((", "))").
		Funcs(sprig.TxtFuncMap()).Funcs(helm).
		Option("missingkey=" + mode).Parse(string(text))
	if err != nil {
		return err
	}
	return parsed.Execute(out, narrow(root))
}

func renderFile(path, dataPath string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(dataPath)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(os.Stdout)
	if err := render(out, "error", data, text); err != nil {
		return err
	}
	return out.Flush()
}

func main() {
	if len(os.Args) == 3 {
		if err := renderFile(os.Args[1], os.Args[2]); err != nil {
			log.Fatal(err)
		}
		return
	}
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		log.Fatal(err)
	}
	fields := bytes.Split(bytes.TrimSuffix(input, []byte{0}), []byte{0})
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for ; len(fields) >= 3; fields = fields[3:] {
		var rendered bytes.Buffer

		err := render(&rendered, string(fields[0]), fields[1], fields[2])
		if err != nil {
			fmt.Fprintf(out, "error %v\x00", err)
			continue
		}
		fmt.Fprintf(out, "ok %s\x00", hex.EncodeToString(rendered.Bytes()))
	}
}
