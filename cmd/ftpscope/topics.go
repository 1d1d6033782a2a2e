package main

// topic is a page of help about flags that several commands share; their own pages only name it.
type topic struct {
	name, doc string
	page      func() string
}

func topics() []topic {
	return []topic{
		{"choosing", "which sessions to show: --host, --user, --mode, --outcome, --finding, …", choosing},
		{"extracting", "what was transferred: --hash, --extract, --extract-listings, --extract-limit", extracting},
		{"judging", "which findings there are: --disable, --fail-on, --brute-failures, …", judging},
		{"reading", "how packets are read: --merge-networks, --vxlan-port, --verify-checksums", reading},
	}
}

func topicNames() []string {
	var names []string
	for _, t := range topics() {
		names = append(names, t.name)
	}
	return names
}
