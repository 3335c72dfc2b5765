// What client-go makes of kubeconfigs: for each line of JSON {"files": [...],
// "context": "...", "explicit": bool} one line with the settings, or an error.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"sort"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/transport"
)

type question struct {
	Files    []string `json:"files"`
	Context  string   `json:"context"`
	Explicit bool     `json:"explicit"`
}

type plugin struct {
	Argv        []string `json:"argv"`
	Env         []string `json:"env"`
	InstallHint string   `json:"installHint"`
	Cluster     bool     `json:"cluster"`
}

type answer struct {
	Error       string   `json:"error,omitempty"`
	Server      string   `json:"server"`
	CA          string   `json:"ca"`
	Cert        string   `json:"cert"`
	Key         string   `json:"key"`
	Insecure    bool     `json:"insecure"`
	ServerName  string   `json:"serverName"`
	Proxy       string   `json:"proxy"`
	Compression bool     `json:"compression"`
	Headers     []string `json:"headers"`
	Plugin      *plugin  `json:"plugin"`
}

func bytesOf(data []byte, file string) (string, error) {
	if len(data) == 0 && file != "" {
		read, err := os.ReadFile(file)
		return string(read), err
	}
	return string(data), nil
}

// What is sent with each request, as the transport would send it.
func headersOf(config *rest.Config) ([]string, error) {
	wanted, err := config.TransportConfig()
	if err != nil {
		return nil, err
	}
	wanted.WrapTransport = nil
	sent := http.Header{}
	base := roundTripper(func(request *http.Request) (*http.Response, error) {
		sent = request.Header
		return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
	})
	trip, err := transport.HTTPWrappersForConfig(wanted, base)
	if err != nil {
		return nil, err
	}
	request, _ := http.NewRequest("GET", "https://host/", nil)
	if _, err := trip.RoundTrip(request); err != nil {
		return nil, err
	}
	lines := []string{}
	for name, values := range sent {
		for _, value := range values {
			lines = append(lines, strings.ToLower(name)+": "+value)
		}
	}
	sort.Strings(lines)
	return lines, nil
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) {
	return f(r)
}

func describe(config *rest.Config) (*answer, error) {
	said := &answer{Server: config.Host, Insecure: config.Insecure,
		ServerName:  config.ServerName,
		Compression: !config.DisableCompression}
	var err error
	if _, err = rest.TLSConfigFor(config); err != nil {
		return nil, err
	}
	if said.CA, err = bytesOf(config.CAData, config.CAFile); err != nil {
		return nil, err
	}
	if said.Cert, err = bytesOf(config.CertData, config.CertFile); err != nil {
		return nil, err
	}
	if said.Key, err = bytesOf(config.KeyData, config.KeyFile); err != nil {
		return nil, err
	}
	if config.Proxy != nil {
		request, _ := http.NewRequest("GET", config.Host, nil)
		url, err := config.Proxy(request)
		if err != nil {
			return nil, err
		}
		said.Proxy = url.String()
	}
	exec := config.ExecProvider
	used := exec != nil && config.BearerToken == "" &&
		config.BearerTokenFile == "" && config.Username == "" &&
		said.Cert == ""
	if used {
		if !strings.HasPrefix(exec.APIVersion, "client.authentication.k8s.io/v1") ||
			strings.HasSuffix(exec.APIVersion, "alpha1") {
			return nil, os.ErrInvalid
		}
		said.Plugin = &plugin{Argv: append([]string{exec.Command}, exec.Args...),
			Env: []string{}, InstallHint: exec.InstallHint,
			Cluster: exec.ProvideClusterInfo}
		for _, variable := range exec.Env {
			said.Plugin.Env = append(said.Plugin.Env,
				variable.Name+"="+variable.Value)
		}
	}
	config.ExecProvider = nil
	said.Headers, err = headersOf(config)
	return said, err
}

func load(asked question) (*answer, error) {
	rules := &clientcmd.ClientConfigLoadingRules{Precedence: asked.Files}
	if asked.Explicit {
		rules = &clientcmd.ClientConfigLoadingRules{
			ExplicitPath: asked.Files[0]}
	}
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		rules, &clientcmd.ConfigOverrides{
			CurrentContext: asked.Context}).ClientConfig()
	if err != nil {
		return nil, err
	}
	return describe(config)
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			panic(err)
		}
		said, err := load(asked)
		if err != nil {
			said = &answer{Error: err.Error()}
		}
		for _, text := range []*string{&said.CA, &said.Cert, &said.Key} {
			*text = base64.StdEncoding.EncodeToString([]byte(*text))
		}
		if err := out.Encode(said); err != nil {
			panic(err)
		}
	}
}
