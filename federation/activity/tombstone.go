package activity

// TombstoneDoc stands where something was, answered with 410.
type TombstoneDoc struct {
	ID         string
	FormerType string
	Deleted    Time
}

// MarshalJSON writes the tombstone.
func (d TombstoneDoc) MarshalJSON() ([]byte, error) {
	return marshal(struct {
		ID         string `json:"id"`
		Type       string `json:"type"`
		FormerType string `json:"formerType,omitempty"`
		Deleted    Time   `json:"deleted,omitzero"`
	}{d.ID, TypeTombstone, d.FormerType, d.Deleted})
}
