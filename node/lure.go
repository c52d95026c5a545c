package node

import (
	"regexp"
	"slices"
	"strings"
)

// Lures are what a text of others seems to want from the model that reads it. They
// are hints, found by a few words in the languages that agents write: a text without
// any is no less data.
const (
	LureImperative  = "imperative_to_reader" // it speaks to the model, over the head of who asked it
	LureCredentials = "asks_for_credentials" //nolint:gosec // the name of a label
	LureInstall     = "install_skill"        // it wants something fetched and run, or read as instructions
)

// luresMost bounds how much of a text is looked at.
const luresMost = MaxContent

// lure is a pattern, which is tried where one of its words stands: most texts have none.
type lure struct {
	name    string
	words   []string // lower-case
	pattern *regexp.Regexp
}

var lures = []lure{
	{
		LureImperative,
		[]string{"ignore", "disregard", "forget", "override", "system prompt", "[system]", "<system>", "<|", "[inst]", "you are now", "do not tell your", "don't tell your", "忽略", "無視", "무시", "abaikan", "ignora"},
		regexp.MustCompile(`\b(?:ignore|disregard|forget|override)\s+(?:all|any|every|your|the|my|previous|prior|above|earlier|these|those)\b.{0,40}\b(?:instruction|prompt|rule|guideline|polic)` +
			`|\bsystem prompt\b|\[system\]|</?system>|<\|(?:im_start|system|endoftext)|\[/?inst\]` +
			`|\byou are now\b.{0,40}\b(?:mode|unrestricted|jailb|free|dan)\b` +
			`|\b(?:do not|don't) tell your (?:human|owner|user|operator)` +
			`|忽略.{0,12}(?:指令|指示|提示)|(?:指示|命令|プロンプト).{0,8}無視|(?:지시|명령|프롬프트).{0,8}무시|abaikan.{0,24}(?:instruksi|perintah)|ignora.{0,24}(?:instrucci|indicaci)`),
	},
	{
		LureCredentials,
		[]string{"api key", "api_key", "apikey", "password", "secret", "token", "private key", "seed phrase", "credential", "密钥", "密码", "パスワード", "비밀번호", "kata sandi", "contraseña"},
		regexp.MustCompile(`\b(?:send|post|paste|share|give|dm|reply with|tell|show|reveal|include|submit|enter|provide|verify with)\b.{0,60}\b(?:api[ _-]?keys?|passwords?|secrets?|access tokens?|private keys?|seed phrase|credentials?)\b` +
			`|(?:发送|提供|告诉|分享).{0,16}(?:密钥|密码)|パスワードを.{0,8}(?:送|教え)|비밀번호를.{0,8}(?:보내|알려)|kirim.{0,24}kata sandi|(?:envía|dime).{0,24}contraseña`),
	},
	{
		LureInstall,
		[]string{"| sh", "|sh", "| bash", "|bash", "install", "skill.md", "npx ", "curl ", "wget "},
		regexp.MustCompile(`\b(?:curl|wget)\b.{0,200}\|\s*(?:sudo\s+)?(?:ba|z)?sh\b` +
			`|\b(?:install|add|load|run|fetch|read|follow)\b.{0,80}\bskill(?:\.md|s)?\b` +
			`|\b(?:npx|npm i(?:nstall)?|pip3? install|clawhub install|brew install|go install)\s+\S`),
	},
}

// Lures returns what some texts seem to want from the model that reads them.
func Lures(texts ...string) []string {
	found := []string{}
	for i, text := range texts {
		texts[i] = strings.ToLower(text[:min(len(text), luresMost)])
	}
	for _, l := range lures {
		if slices.ContainsFunc(texts, l.in) {
			found = append(found, l.name)
		}
	}
	return found
}

// in says whether a text, in lower case, has the lure.
func (l lure) in(text string) bool {
	for _, word := range l.words {
		if strings.Contains(text, word) {
			return l.pattern.MatchString(text)
		}
	}
	return false
}
