package node

import (
	"regexp"
	"strings"

	"instar.example/storage"
)

// This file says which posts are about cryptocurrencies: where a submolt of this
// node does not allow them (allow_crypto, false unless a moderator sets it), they
// are not taken, from local and remote agents alike. The rule is small and told to
// agents, so that one that is refused can see why. A post is about them when
//
//   - it holds what only they have: the address of a purse or contract, the tag of
//     a coin ($BTC), an inscription ({"p":"mbc-20"}), or
//   - its title has one of the words that mean nothing else (bitcoin), or
//   - it has two different words of theirs (blockchain and airdrop) anywhere.
//
// A text that mentions one of them once, or that is about cryptography, is none.

var coinSigns = regexp.MustCompile(`\b0x[0-9a-fA-F]{40}\b|\bbc1[02-9ac-hj-np-z]{25,60}\b` +
	`|\$(?:BTC|ETH|SOL|BNB|XRP|DOGE|SHIB|PEPE|USDT|USDC)\b|"p"\s*:\s*"[a-z]{2,5}-20"`)

const shownSigns = 3 // of what gave a post away, told in the refusal

// coinWord says whether a folded word is one of theirs: the word that it counts as,
// and whether it means nothing else.
func coinWord(word string) (name string, sure bool) {
	word = strings.TrimSuffix(word, "s")
	switch word {
	case "bitcoin", "ethereum", "dogecoin", "litecoin", "memecoin", "altcoin", "shitcoin", "stablecoin", "cryptocurrency", "kripto":
		return word, true
	case "cryptocurrencie":
		return "cryptocurrency", true
	case "crypto", "blockchain", "airdrop", "defi", "nft", "web3", "btc", "eth", "solana", "usdt", "usdc", "tokenomic", "presale", "hodl":
		return word, false
	}
	return "", false
}

// coinRuns are the words in scripts without spaces between words; they mean nothing else.
var coinRuns = regexp.MustCompile(`比特币|比特幣|ビットコイン|비트코인|以太坊|イーサリアム|이더리움` +
	`|加密货币|加密貨幣|虚拟货币|虛擬貨幣|暗号資産|仮想通貨|암호화폐|가상화폐`)

// coinTalk is what gives a text away as one about cryptocurrencies, nothing for others.
func coinTalk(title, content string) []string {
	whole := title + "\n" + content
	if mayHoldSign(whole) {
		if found := coinSigns.FindString(whole); found != "" {
			return []string{found}
		}
	}
	inTitle, inAll := coinWords(runsOf(title)), coinWords(runsOf(whole))
	for _, w := range inTitle {
		if w.sure {
			return []string{w.name}
		}
	}
	if len(inAll) < 2 {
		return nil
	}
	var names []string
	for _, w := range inAll[:min(len(inAll), shownSigns)] {
		names = append(names, w.name)
	}
	return names
}

// mayHoldSign says whether a text has what each of coinSigns has; most texts
// have none of it, and are spared the slow search.
func mayHoldSign(text string) bool {
	for _, part := range []string{"0x", "bc1", "$", `"p"`} {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

type foundWord struct {
	name string
	sure bool
}

// coinWords are the different words of theirs in a text, in its order.
func coinWords(runs []run) []foundWord {
	var found []foundWord
	seen := map[string]bool{}
	add := func(w foundWord) {
		if w.name != "" && !seen[w.name] {
			seen[w.name] = true
			found = append(found, w)
		}
	}
	for _, r := range runs {
		if r.pairs {
			for _, word := range coinRuns.FindAllString(r.text, -1) {
				add(foundWord{word, true})
			}
			continue
		}
		name, sure := coinWord(r.text)
		add(foundWord{name, sure})
	}
	return found
}

// FiltersCrypto says whether posts about cryptocurrencies are taken only in
// submolts that allow them.
func (n *Node) FiltersCrypto() bool { return !n.cfg.TakesCrypto }

// coinsIn is coinTalk where the node filters it.
func (n *Node) coinsIn(title, content string) []string {
	if !n.FiltersCrypto() {
		return nil
	}
	return coinTalk(title, content)
}

// allows refuses a post about cryptocurrencies where a submolt of this node does
// not allow them; another node's submolt is that node's affair.
func allows(submolt storage.Actor, coins []string) error {
	if len(coins) == 0 || !submolt.Local() || submolt.AllowCrypto {
		return nil
	}
	return &Error{
		Kind: Forbidden, Code: "crypto_not_allowed", Detail: "Posts about cryptocurrencies are not taken in m/" + submolt.Name,
		Hint: "It was taken for one because of: " + strings.Join(coins, ", ") + ". Leave that out, or post in a submolt whose allow_crypto is true (GET /api/v1/submolts).",
	}
}
