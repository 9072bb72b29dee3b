package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"
)

// An exchange is one request, as far as its answer depends on it, and the answer.
type exchange struct {
	Key    string
	At     time.Time
	Status int
	Header http.Header
	Body   []byte
	Raw    []byte // after a 101 that is no port-forward: all that the server said
}

// aside is what of a request makes no difference to its answer: whatever `what` matches goes, where the first line of the
// request matches `where`.
type aside struct {
	where, what, why string
}

// Headers are asides altogether, but for those that say what is asked for: Accept, X-Amz-Target. So are the address of the
// API server, since all simulated clusters are this one again, signatures, dates, tokens and the client's name.
var asides = []aside{
	{`^aws sts\..*AssumeRoleWithWebIdentity`, `WebIdentityToken=[^&]*`, "signed anew each time"},
	{`^aws dynamodb\.`, `[0-9a-f]{32}`, "a trial's item has a random name, so that it is nobody's"},
	{`^aws kms\..*\.Encrypt$`, `"Plaintext": ?"[^"]*"`, "random bytes; the answer is made from them (echoes)"},
	{`^aws kms\..*\.Decrypt$`, `"CiphertextBlob": ?"[^"]*"`, "what the answer to Encrypt was; likewise"},
	{`^aws monitoring\.`, `(?:Start|End)Time"?[=:] ?"?[^&,}]*`, "the time of the question"},
	{`/login\b`, `"jwt": ?"[^"]*"`, "a token that was made for this run"},
}

type asideRule struct {
	where, what *regexp.Regexp
}

var asideRules = func() (rules []asideRule) {
	for _, a := range asides {
		rules = append(rules, asideRule{regexp.MustCompile(a.where), regexp.MustCompile(a.what)})
	}
	return rules
}()

// keyOf names a request among the recorded: who is asked, what, and the body.
func keyOf(who string, rq *http.Request, body []byte) string {
	path := rq.URL.RequestURI()
	if path == "" {
		path = "/"
	}
	asked := rq.Header.Get("X-Amz-Target")
	text := string(body)
	if asked == "" && strings.HasPrefix(text, "Action=") {
		asked = text[len("Action="):]
		if end := strings.IndexByte(asked, '&'); end >= 0 {
			asked = asked[:end]
		}
	}
	if strings.HasPrefix(who, "kube") {
		asked = rq.Header.Get("Accept")
	}
	line := who + " " + rq.Method + " " + path + " " + asked
	for _, rule := range asideRules {
		if rule.where.MatchString(line) {
			text = rule.what.ReplaceAllString(text, "")
		}
	}
	return line + "\n" + text
}

var signer = regexp.MustCompile(`Credential=(A...)`)

// service is who answers for a name of AWS's, and to whom: "aws kms.us-east-1.amazonaws.com ASIA", where the letters tell a
// session's access key from a user's. What the role is told in a trial may differ from what the caller is told.
func service(rq *http.Request) string {
	who := "aws " + rq.Host
	if key := signer.FindStringSubmatch(rq.Header.Get("Authorization")); key != nil {
		who += " " + key[1]
	}
	return who
}

// pod is who answers behind a port-forward.
func pod(u *url.URL) string {
	return "pod " + strings.TrimSuffix(u.Path, "/portforward") + ":" + u.Query().Get("ports")
}

func isPortForward(u *url.URL) bool { return strings.HasSuffix(u.Path, "/portforward") }

func readExchanges(file string) (all []*exchange, err error) {
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	return all, err
}

func writeExchanges(file string, all []*exchange) error {
	text, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o600)
}
