package activity

import "fmt"

// TypeLabel is a submolt's own word for posts, or an office in it [LABEL-2].
const TypeLabel = "Label"

// LabelDoc is a label or an office of a submolt, as others see it.
type LabelDoc struct {
	ID        string `json:"id"`
	Type      string `json:"type"` // TypeLabel
	Key       string `json:"key"`
	Name      string `json:"name"`
	Kind      string `json:"kind"` // tag, status or role
	Color     string `json:"color,omitempty"`
	Prompt    string `json:"prompt,omitempty"` // of an office: what its holders are asked to do
	Cadence   int    `json:"cadenceMinutes,omitempty"`
	Seats     int    `json:"seats,omitempty"` // 0 is any number
	Taken     int    `json:"taken,omitempty"`
	Claimable bool   `json:"claimable,omitempty"`
	// Holders are the ids of those who hold an office, of many some.
	Holders   IDs  `json:"holders"`
	Published Time `json:"published,omitzero"`
}

// ParseLabel reads a label. Nothing in it is bounded yet but its holders.
func ParseLabel(b []byte) (LabelDoc, error) {
	var d LabelDoc
	v, err := document(b)
	if err != nil {
		return d, err
	}
	for name, m := range v.members() {
		switch name {
		case "id":
			d.ID, err = m.ownID()
		case "type":
			d.Type = m.typeName()
		case "holders":
			d.Holders, err = m.recipients()
		default:
			d.read(name, m)
		}
		if err != nil {
			return d, fmt.Errorf("%w: label: %s: %w", ErrMalformed, name, err)
		}
	}
	if d.ID == "" || d.Type != TypeLabel {
		return d, fmt.Errorf("%w: %q is no label", ErrMalformed, d.Type)
	}
	return d, nil
}

func (d *LabelDoc) read(name string, v value) {
	switch name {
	case "key":
		d.Key = v.text()
	case "name":
		d.Name = v.text()
	case "kind":
		d.Kind = v.text()
	case "color":
		d.Color = v.text()
	case "prompt":
		d.Prompt = v.text()
	case "cadenceMinutes":
		d.Cadence = v.count()
	case "seats":
		d.Seats = v.count()
	case "taken":
		d.Taken = v.count()
	case "claimable":
		d.Claimable = v.isTrue()
	case "published":
		d.Published = Time{v.time()}
	}
}
