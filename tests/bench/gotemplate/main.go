// What a team would write instead: Go's text/template with Sprig and the YAML
// library of Helm 4, as a program of its own.  Renders a template with a file
// of data to standard output.
package main

import (
	"bufio"
	"log"
	"os"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"sigs.k8s.io/yaml"
)

func render(path, dataPath string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(dataPath)
	if err != nil {
		return err
	}
	var root any
	if err := yaml.Unmarshal(data, &root); err != nil {
		return err
	}
	t := template.New(path).Delims("((", "))").Option("missingkey=error")
	t.Funcs(sprig.TxtFuncMap()).Funcs(template.FuncMap{
		"toYaml": func(value any) string {
			text, err := yaml.Marshal(value)
			if err != nil {
				return ""
			}
			return strings.TrimSuffix(string(text), "\n")
		},
	})
	if _, err := t.Parse(string(text)); err != nil {
		return err
	}
	out := bufio.NewWriter(os.Stdout)
	if err := t.Execute(out, root); err != nil {
		return err
	}
	return out.Flush()
}

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: gotemplate TEMPLATE DATA")
	}
	if err := render(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}
