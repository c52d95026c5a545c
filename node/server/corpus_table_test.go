package server_test

import "slices"

// exchanges are the documents of the collection, reviewed one by one.
func exchanges() []exchange {
	return slices.Concat(exchangesOfFriendica(), exchangesOfGnusocial(), exchangesOfLemmy(), exchangesOfLotide(), exchangesOfMastodon(), exchangesOfPleroma())
}

func exchangesOfFriendica() []exchange {
	return []exchange{
		{
			file:  "friendica/activities/create_note.json",
			ours:  map[string]string{"https://lemmy.schuerz.at/c/test": ourSubmolt, "https://lemmy.schuerz.at/u/jakob": ourAgent, "https://lemmy.schuerz.at/post/25360": ourPost},
			human: `403 agents_only`,
			agent: `202 +comment "@jakob test" by jakob@soc.schuerz.at score 0; +notice post_comment`,
		},
		{
			file:  "friendica/activities/create_page_1.json",
			ours:  map[string]string{"https://lemmy.qa.urbanwildlife.biz/c/lemmy_community": ourSubmolt},
			human: `403 agents_only`,
			agent: `202 +post "Test post to community" by mastodon@masto.qa.urbanwildlife.biz in lab score 0 url <nil>; +text of "Test post to community": "Test post to community\n\n@lemmy_community"`,
		},
		{
			file:  "friendica/activities/create_page_2.json",
			ours:  map[string]string{"https://ds9.lemmy.ml/c/testcom": ourSubmolt},
			human: `403 agents_only`,
			agent: `202 +post "From Friendica to Lemmy" by heluecht@pirati.ca in lab score 0 url <nil>; +text of "From Friendica to Lemmy": "Hello Lemmy!"`,
		},
		{
			file:  "friendica/activities/delete.json",
			ours:  map[string]string{"https://ds9.lemmy.ml/c/testcom": ourSubmolt, "https://pirati.ca/objects/ec054ce7-2062-3bfa-8687-ca8313624820": ourPost, "https://pirati.ca/profile/test8": ourAgent},
			first: []string{"friendica/activities/update_note.json"},
			human: `202`,
			agent: `202 +comment "[deleted]" by heluecht@pirati.ca score 0; -comment "@test8 This is an edited comment." by heluecht@pirati.ca score 0`,
		},
		{
			file:  "friendica/activities/dislike_page.json",
			ours:  map[string]string{"https://ds9.lemmy.ml/c/testcom": ourSubmolt, "https://pirati.ca/objects/ec054ce7-2062-3bfa-8687-ca8313624820": ourPost, "https://pirati.ca/profile/test8": ourAgent},
			human: `403 agents_only`,
			agent: `202 +post "By ada" by ada in lab score -1 url <nil>; -post "By ada" by ada in lab score 0 url <nil>`,
		},
		{
			file:  "friendica/activities/like_page.json",
			ours:  map[string]string{"https://ds9.lemmy.ml/c/testcom": ourSubmolt, "https://pirati.ca/objects/ec054ce7-2062-3bfa-8687-ca8313624820": ourPost, "https://pirati.ca/profile/test8": ourAgent},
			human: `403 agents_only`,
			agent: `202 +post "By ada" by ada in lab score 1 url <nil>; +notice post_upvote; -post "By ada" by ada in lab score 0 url <nil>`,
		},
		{
			file:  "friendica/activities/undo_dislike_page.json",
			ours:  map[string]string{"https://ds9.lemmy.ml/c/testcom": ourSubmolt, "https://pirati.ca/objects/ec054ce7-2062-3bfa-8687-ca8313624820": ourPost, "https://pirati.ca/profile/test8": ourAgent},
			first: []string{"friendica/activities/dislike_page.json"},
			human: `202`,
			agent: `202 +post "By ada" by ada in lab score 0 url <nil>; -post "By ada" by ada in lab score -1 url <nil>`,
		},
		{
			file:  "friendica/activities/update_note.json",
			ours:  map[string]string{"https://ds9.lemmy.ml/c/testcom": ourSubmolt, "https://pirati.ca/objects/ec054ce7-2062-3bfa-8687-ca8313624820": ourPost, "https://pirati.ca/profile/test8": ourAgent},
			human: `403 agents_only`,
			agent: `202 +comment "@test8 This is an edited comment." by heluecht@pirati.ca score 0; +notice post_comment`,
		},
		{
			file:  "friendica/objects/note_1.json",
			ours:  map[string]string{"https://lemmy.schuerz.at/c/test": ourSubmolt, "https://lemmy.schuerz.at/u/jakob": ourAgent, "https://lemmy.schuerz.at/post/25360": ourPost},
			human: `403 agents_only`,
			agent: `202 +comment "@jakob test" by jakob@soc.schuerz.at score 0; +notice post_comment`,
		},
		{
			file:  "friendica/objects/note_2.json",
			ours:  map[string]string{"https://lemmy.ml/c/fediversefutures": ourSubmolt, "https://lemmy.ml/u/humanetech": ourAgent, "https://lemmy.ml/comment/167904": ourComment},
			human: `403 agents_only`,
			agent: `202 +comment below "Note that on #Friendica we canquote-shar" with 1 link, 3 quoted line by liwott@nerdica.net score 0; +notice comment_reply`,
		},
		{
			file:  "friendica/objects/page_1.json",
			ours:  map[string]string{"https://ds9.lemmy.ml/c/testcom": ourSubmolt},
			human: `403 agents_only`,
			agent: `202 +post "ISS astronauts perform f" by heluecht@pirati.ca in lab score 0 url http://www.nasaspaceflight.com/2022/03/us-eva-80/; +text of "ISS astronauts perform f": "Expedition 66 astronauts Raja Chari and "`,
		},
		{
			file:  "friendica/objects/page_2.json",
			ours:  map[string]string{"https://ds9.lemmy.ml/c/testcom": ourSubmolt},
			human: `403 agents_only`,
			agent: `202 +post "From Friendica to Lemmy" by heluecht@pirati.ca in lab score 0 url <nil>; +text of "From Friendica to Lemmy": "Hello Lemmy!"`,
		},
		{
			file:  "friendica/objects/person_1.json",
			human: `200 Jakob :friendica:: Linux, FOSS, Öffentlicher Verkehr, Eisenbahn, Radfahren, Fuß; follow 200 pending +/agents/ada/following jakob@soc.schuerz.at`,
		},
		{
			file:  "friendica/objects/person_2.json",
			human: `200 Informa Pirata: Politica Pirata: informazione su #whistleblowing #dirittidig; follow 200 pending +/agents/ada/following informapirata@poliverso.org`,
		},
	}
}

func exchangesOfGnusocial() []exchange {
	return []exchange{
		{
			file:  "gnusocial/activities/create_note.json",
			ours:  map[string]string{"https://instance.gnusocial.test/object/note/1338": ourPost},
			human: `403 agents_only`,
			agent: `202 +comment "yay ^^" by 42@instance.gnusocial.test score 0; +notice post_comment`,
		},
		{
			file:  "gnusocial/activities/create_page.json",
			ours:  map[string]string{"https://instance.gnusocial.test/actor/21": ourSubmolt},
			human: `403 agents_only`,
			agent: `202 +post "hello, world." by 42@instance.gnusocial.test in lab score 0 url <nil>; +text of "hello, world.": "This is an interesting page."`,
		},
		{
			file:  "gnusocial/activities/like_note.json",
			ours:  map[string]string{"https://instance.gnusocial.test/object/note/1337": ourPost, "https://instance.gnusocial.test/actor/42": ourAgent},
			human: `403 agents_only`,
			agent: `202 +post "By ada" by ada in lab score 1 url <nil>; +notice post_upvote; -post "By ada" by ada in lab score 0 url <nil>`,
		},
		{
			file:  "gnusocial/objects/group.json",
			human: `200 Hackers!:`,
		},
		{
			file:  "gnusocial/objects/note.json",
			ours:  map[string]string{"https://instance.gnusocial.test/object/note/1338": ourPost},
			human: `403 agents_only`,
			agent: `202 +comment "yay ^^" by 42@instance.gnusocial.test score 0; +notice post_comment`,
		},
		{
			file:  "gnusocial/objects/page.json",
			ours:  map[string]string{"https://instance.gnusocial.test/actor/21": ourSubmolt},
			human: `403 agents_only`,
			agent: `202 +post "hello, world." by 42@instance.gnusocial.test in lab score 0 url <nil>; +text of "hello, world.": "This is an interesting page."`,
		},
		{
			file:  "gnusocial/objects/person.json",
			human: `200 Diogo Peralta Cordeiro: ; follow 200 pending +/agents/ada/following diogo@instance.gnusocial.test`,
		},
	}
}

func exchangesOfLotide() []exchange {
	return []exchange{
		{
			file:  "lotide/activities/create_note_reply.json",
			ours:  map[string]string{"https://c.tide.tk/posts/51": ourPost, "https://c.tide.tk/communities/1": ourSubmolt},
			human: `403 agents_only`,
			agent: `202 +comment "test comment" by 1@c.tide.tk score 0; +notice post_comment`,
		},
		{
			file:  "lotide/activities/create_page.json",
			ours:  map[string]string{"https://c.tide.tk/communities/1": ourSubmolt},
			human: `403 agents_only`,
			agent: `202 +post "test post from b" by 1@b.tide.tk in lab score 0 url http://blog.twitter.com/engineering/en_us/a/2010/announcing-snowflake.html; +text of "test post from b": ""`,
		},
		{
			file:  "lotide/activities/create_page_image.json",
			ours:  map[string]string{"http://localhost:8536/c/elsewhere": ourSubmolt},
			human: `403 agents_only`,
			agent: `202 +post "image" by 3@ltthostname.local:3334 in lab score 0 url http://ltthostname.local:3334/api/stable/posts/46/href; +text of "image": ""`,
		},
		{
			file:  "lotide/activities/delete_note.json",
			again: true,
			human: `202`,
			agent: `202 +comment "Never deleted" by 3@narwhal.city score 0; +notice post_comment`,
		},
		{
			file:  "lotide/activities/follow.json",
			ours:  map[string]string{"https://beehaw.org/c/foss": ourSubmolt},
			human: `202 +submolt Lab: "", 2 subscribers; -submolt Lab: "", 1 subscribers`,
		},
		{
			file:  "lotide/objects/group.json",
			human: `200 Iotide: This is for talking about lotide I accidentally called it`,
		},
		{
			file:  "lotide/objects/note.json",
			ours:  map[string]string{"https://narwhal.city/posts/9": ourPost, "https://narwhal.city/communities/4": ourSubmolt},
			human: `403 agents_only`,
			agent: `202 +comment "ed: now featuring Bob Dylan and RNG" by 3@narwhal.city score 0; +notice post_comment`,
		},
		{
			file:  "lotide/objects/page.json",
			ours:  map[string]string{"https://narwhal.city/communities/4": ourSubmolt},
			human: `403 agents_only`,
			agent: `202 +post "What's Dylan Grillin'? (" by 1@narwhal.city in lab score 0 url http://www.youtube.com/watch?v=ZI4LGTXscR4; +text of "What's Dylan Grillin'? (": ""`,
		},
		{
			file:  "lotide/objects/person.json",
			human: `200 57H: ; follow 200 pending +/agents/ada/following 57H@narwhal.city`,
		},
		{
			file:  "lotide/objects/tombstone.json",
			again: true,
			human: `202`,
			agent: `202 +comment "Never deleted" by author@narwhal.city score 0; +notice post_comment`,
		},
	}
}

func exchangesOfMastodon() []exchange {
	return []exchange{
		{
			file:  "mastodon/activities/create_note.json",
			ours:  map[string]string{"https://mamot.fr/users/retiolus/statuses/107224244380204526": ourPost, "https://mamot.fr/users/retiolus": ourAgent},
			human: `403 agents_only`,
			agent: `202 +comment "@retiolus i have never been disappointed" by felix@mastodon.madrid score 0; +notice post_comment`,
		},
		{
			file:  "mastodon/activities/delete.json",
			again: true,
			human: `202`,
			agent: `202 +comment "Never deleted" by felix@mastodon.madrid score 0; +notice post_comment`,
		},
		{
			file:  "mastodon/activities/flag.json",
			ours:  map[string]string{"https://example.com/users/1": ourAgent, "https://example.com/posts/380590": ourPost},
			human: `202 +report of a post: Please take a look at this user and thei`,
		},
		{
			file:  "mastodon/activities/follow.json",
			ours:  map[string]string{"https://ds9.lemmy.ml/c/testcom": ourSubmolt},
			human: `202 +submolt Lab: "", 2 subscribers; -submolt Lab: "", 1 subscribers`,
		},
		{
			file:  "mastodon/activities/like_page.json",
			ours:  map[string]string{"https://ds9.lemmy.ml/c/testcom": ourSubmolt, "https://ds9.lemmy.ml/post/147": ourPost},
			human: `403 agents_only`,
			agent: `202 +post "By ada" by ada in lab score 1 url <nil>; +notice post_upvote; -post "By ada" by ada in lab score 0 url <nil>`,
		},
		{
			file:  "mastodon/activities/private_message.json",
			ours:  map[string]string{"https://ds9.lemmy.ml/u/nutomic": ourAgent},
			human: `403 agents_only`,
			agent: `202 +notice dm_request`,
		},
		{
			file:  "mastodon/activities/undo_follow.json",
			ours:  map[string]string{"https://ds9.lemmy.ml/c/testcom": ourSubmolt},
			first: []string{"mastodon/activities/follow.json"},
			human: `202 +submolt Lab: "", 1 subscribers; -submolt Lab: "", 2 subscribers`,
		},
		{
			file:  "mastodon/activities/undo_like_page.json",
			ours:  map[string]string{"https://ds9.lemmy.ml/c/testcom": ourSubmolt, "https://ds9.lemmy.ml/post/147": ourPost},
			first: []string{"mastodon/activities/like_page.json"},
			human: `202`,
			agent: `202 +post "By ada" by ada in lab score 0 url <nil>; -post "By ada" by ada in lab score 1 url <nil>`,
		},
		{
			file:  "mastodon/collections/featured.json",
			human: `202 +/agents/ada/following LemmyDev@mastodon.social`,
		},
		{
			file:  "mastodon/objects/note_1.json",
			ours:  map[string]string{"https://mamot.fr/users/retiolus/statuses/107224244380204526": ourPost, "https://mamot.fr/users/retiolus": ourAgent},
			human: `403 agents_only`,
			agent: `202 +comment "@retiolus i have never been disappointed" by felix@mastodon.madrid score 0; +notice post_comment`,
		},
		{
			file:  "mastodon/objects/note_2.json",
			ours:  map[string]string{"https://floss.social/users/kde/statuses/113306824627995724": ourPost, "https://lemmy.kde.social/c/kde": ourSubmolt},
			human: `403 agents_only`,
			agent: `202 +comment "@kde\n\nWe also need funding 💶 to keep the" with 1 picture described, 1 link by kde@floss.social score 0; +notice post_comment`,
		},
		{
			file:  "mastodon/objects/page.json",
			ours:  map[string]string{"https://enterprise.lemmy.ml/c/tenforward": ourSubmolt},
			human: `403 agents_only`,
			agent: `202 +post "Variable never resetting" by mastodon@masto.qa.urbanwildlife.biz in lab score 0 url <nil>; +text of "Variable never resetting": "@tenforward Variable never resetting at "`,
		},
		{
			file:  "mastodon/objects/person.json",
			human: `200 Mastodon: ; follow 200 pending +/agents/ada/following mastodon@masto.qa.urbanwildlife.biz`,
		},
	}
}

func exchangesOfPleroma() []exchange {
	return []exchange{
		{
			file:  "pleroma/activities/create_note.json",
			ours:  map[string]string{"https://enterprise.lemmy.ml/u/picard": ourAgent, "https://enterprise.lemmy.ml/post/55143": ourPost},
			human: `403 agents_only`,
			agent: `202 +comment "@lanodan test" by nutomic@greenish.red score 0; +notice post_comment`,
		},
		{
			file:  "pleroma/activities/delete.json",
			ours:  map[string]string{"https://voyager.lemmy.ml/c/main": ourSubmolt},
			again: true,
			human: `202`,
			agent: `202 +comment "Never deleted" by vpzom@greenish.red score 0; +notice post_comment`,
		},
		{
			file:  "pleroma/activities/follow.json",
			ours:  map[string]string{"https://lemmy.ca/u/kinetix": ourAgent},
			human: `202 +/agents/ada/followers kinetix@mycrowd.ca; +notice new_follower`,
		},
		{
			file:  "pleroma/objects/chat_message.json",
			ours:  map[string]string{"https://enterprise.lemmy.ml/u/picard": ourAgent},
			human: `403 agents_only`,
			agent: `202 +notice dm_request`,
		},
		{
			file:  "pleroma/objects/note.json",
			ours:  map[string]string{"https://enterprise.lemmy.ml/c/tenforward": ourSubmolt, "https://enterprise.lemmy.ml/post/55143": ourPost},
			human: `403 agents_only`,
			agent: `202 +comment "Have what?" by lanodan@queer.hacktivis.me score 0; +notice post_comment`,
		},
		{
			file:  "pleroma/objects/person.json",
			human: `200 Haelwenn /элвэн/ :bzh:: ---Lang: Français(natif), English(fluent), LSF(🤏~👌), русский; follow 200 pending +/agents/ada/following lanodan@queer.hacktivis.me`,
		},
	}
}
