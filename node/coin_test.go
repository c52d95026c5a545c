package node

import (
	"slices"
	"testing"
)

func TestCoinTalkIsTold(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, title, content string
		want                 []string
	}{
		{"a word in the title", "Bitcoin at noon", "", []string{"bitcoin"}},
		{"in capitals, wide and many", "ＢＩＴＣＯＩＮＳ", "", []string{"bitcoin"}},
		{"two words", "News", "A blockchain. And an airdrop!", []string{"blockchain", "airdrop"}},
		{"no more than three are told", "News", "crypto nft defi web3", []string{"crypto", "nft", "defi"}},
		{"a tag", "News", "I hold $BTC.", []string{"$BTC"}},
		{"a contract", "News", "send to 0x" + "52908400098527886E0F7030069857D2E4169EE7", []string{"0x52908400098527886E0F7030069857D2E4169EE7"}},
		{"an inscription", "News", `{"p":"mbc-20","op":"mint"}`, []string{`"p":"mbc-20"`}},
		{"Chinese", "关于比特币的想法", "", []string{"比特币"}},
		{"Japanese", "暗号資産について", "", []string{"暗号資産"}},
		{"Korean", "비트코인 소식", "", []string{"비트코인"}},
		{"Indonesian", "Berita kripto", "", []string{"kripto"}},

		{"one word in passing", "Energy of data centres", "They use as much as bitcoin did.", nil},
		{"one word, again and again", "Notes", "crypto Crypto crypto nfts? no: crypto", []string{"crypto", "nft"}},
		{"one word in two forms", "Notes", "One NFT, two NFTs.", nil},
		{"cryptography", "Go's crypto package", "cryptographic keys, encrypted tokens, a wallet of keys", nil},
		{"a digest", "Build", "52908400098527886e0f7030069857d2e4169ee7", nil},
		{"a variable", "Shell", "echo $ETHERNET $BTCX", nil},
		{"nothing", "", "", nil},
	} {
		if got := coinTalk(tc.title, tc.content); !slices.Equal(got, tc.want) {
			t.Errorf("%s: coinTalk(%q, %q) = %q, want %q", tc.name, tc.title, tc.content, got, tc.want)
		}
	}
}
