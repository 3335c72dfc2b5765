// The reference for templates: Go's text/template with the function map of
// Helm 4.3.1 itself (pkg/engine), which holds Sprig's.
//
// Reads cases from standard input: the missing-key mode, the data as JSON and
// the template, separated by NUL bytes.  Answers each with "ok" and the output
// in hexadecimal, or with "error" and what is wrong.
//
// With the argument "functions", the names in that map, a line each.
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
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"time"
	_ "unsafe" // for go:linkname

	_ "helm.sh/helm/v4/pkg/engine"
)

// now is what both sides take for the time of the run.
var now = time.Unix(1764158400, 0).UTC()

//go:linkname funcMap helm.sh/helm/v4/pkg/engine.funcMap
func funcMap() template.FuncMap

//go:linkname includeFun helm.sh/helm/v4/pkg/engine.includeFun
func includeFun(*template.Template, map[string]int) func(string, any) (string, error)

//go:linkname tplFun helm.sh/helm/v4/pkg/engine.tplFun
func tplFun(*template.Template, map[string]int, bool) func(string, any) (string, error)

// functions is Helm's map with what its engine fills in while it renders.
func functions(t *template.Template, strict bool) template.FuncMap {
	all := funcMap()
	names := map[string]int{}
	all["include"] = includeFun(t, names)
	all["tpl"] = tplFun(t, names, strict)
	all["required"] = func(warning string, value any) (any, error) {
		if value == nil || value == "" {
			return value, errors.New(warning)
		}
		return value, nil
	}
	all["now"] = func() time.Time { return now }
	atNow(all)
	return all
}

// atNow lets the functions that ask the clock themselves ask ours: what is no
// date is now, and what is ago is before now.
func atNow(all template.FuncMap) {
	date := all["dateInZone"].(func(string, any, string) string)
	round := all["durationRound"].(func(any) string)
	orNow := func(value any) any {
		switch value.(type) {
		case time.Time, int64, int:
			return value
		}
		return now
	}
	inZone := func(layout string, value any, zone string) string {
		return date(layout, orNow(value), zone)
	}
	local := func(layout string, value any) string {
		return inZone(layout, value, "Local")
	}
	all["dateInZone"], all["date_in_zone"] = inZone, inZone
	all["date"] = local
	all["htmlDate"] = func(value any) string {
		return local("2006-01-02", value)
	}
	all["htmlDateInZone"] = func(value any, zone string) string {
		return inZone("2006-01-02", value, zone)
	}
	all["ago"] = func(value any) string {
		then := now
		switch value := orNow(value).(type) {
		case time.Time:
			then = value
		case int64:
			then = time.Unix(value, 0)
		case int:
			then = time.Unix(int64(value), 0)
		}
		return now.Sub(then).Round(time.Second).String()
	}
	all["durationRound"] = func(value any) string {
		if then, ok := value.(time.Time); ok {
			value = int64(now.Sub(then))
		}
		return round(value)
	}
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

// bounded refuses more output than ours does.
type bounded struct {
	bytes.Buffer
}

func (b *bounded) Write(text []byte) (int, error) {
	if b.Len()+len(text) > 32<<20 {
		return 0, errors.New("the output is too large")
	}
	return b.Buffer.Write(text)
}

// render also turns what a function panics with into an error, as Helm does.
func render(out io.Writer, mode string, data, text []byte) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%v", cause)
		}
	}()
	var root any
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(&root); err != nil {
		return err
	}
	t := template.New("gotpl").Delims("((", "))").Option("missingkey=" + mode)
	t.Funcs(functions(t, mode == "error"))
	if _, err := t.New("test").Parse(string(text)); err != nil {
		return err
	}
	return t.ExecuteTemplate(out, "test", narrow(root))
}

func answerAll() error {
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	fields := bytes.Split(bytes.TrimSuffix(input, []byte{0}), []byte{0})
	out := bufio.NewWriter(os.Stdout)
	for ; len(fields) >= 3; fields = fields[3:] {
		var rendered bounded

		err := render(&rendered, string(fields[0]), fields[1], fields[2])
		if err != nil {
			fmt.Fprintf(out, "error %s\x00", strings.ReplaceAll(err.Error(), "\x00", "\\0"))
			continue
		}
		fmt.Fprintf(out, "ok %s\x00", hex.EncodeToString(rendered.Bytes()))
	}
	return out.Flush()
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "functions" {
		for _, name := range slices.Sorted(maps.Keys(funcMap())) {
			fmt.Println(name)
		}
		return
	}
	if err := answerAll(); err != nil {
		log.Fatal(err)
	}
}
