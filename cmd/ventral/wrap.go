package main

import "strings"

// hanging breaks text into lines of at most width columns, of which all but the
// first are indented.
func hanging(text string, indent, width int) string {
	var b strings.Builder
	at := indent
	for i, word := range strings.Fields(text) {
		n := columns(word)
		switch {
		case i == 0:
		case at+1+n > width:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			at = indent
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += n
	}
	return b.String()
}

// reflow breaks the text of a help into lines of at most width columns, and ends
// it with a line's end. Paragraphs are filled; indented lines stay as they are
// where they fit, commands go on behind a \ and others hang.
func reflow(text string, width int) string {
	var b strings.Builder
	var paragraph []string
	fill := func() {
		if len(paragraph) > 0 {
			b.WriteString(hanging(strings.Join(paragraph, " "), 0, width) + "\n")
			paragraph = nil
		}
	}
	for _, line := range joinedLines(text) {
		words := strings.TrimSpace(line)
		if words != "" && line[0] != ' ' {
			paragraph = append(paragraph, line)
			continue
		}
		fill()
		indent := len(line) - len(strings.TrimLeft(line, " "))
		switch {
		case columns(line) <= width:
			b.WriteString(line + "\n")
		case strings.HasPrefix(words, "ventral "):
			b.WriteString(strings.Repeat(" ", indent) + brokenCommand(words, indent, width) + "\n")
		default: // NAME  words: the words hang
			lead := line[:indent]
			if gap := strings.Index(words, "  "); gap > 0 {
				rest := strings.TrimLeft(words[gap:], " ")
				lead, words = line[:len(line)-len(rest)], rest
			}
			b.WriteString(lead + hanging(words, columns(lead), width) + "\n")
		}
	}
	fill()
	return b.String()
}

// joinedLines are the lines of a text, those that end with \ joined with the next.
func joinedLines(text string) (lines []string) {
	text = strings.Trim(text, "\n")
	open := false
	for _, line := range strings.Split(text, "\n") {
		if open {
			lines[len(lines)-1] += " " + strings.TrimSpace(strings.TrimSuffix(line, `\`))
		} else {
			lines = append(lines, strings.TrimRight(strings.TrimSuffix(line, `\`), " "))
		}
		open = strings.HasSuffix(line, `\`)
	}
	return lines
}

// brokenCommand breaks a command before flags, behind a \.
func brokenCommand(command string, indent, width int) string {
	var parts []string // a flag with its value
	for _, word := range shellWords(command) {
		if n := len(parts); n > 0 && !strings.HasPrefix(word, "-") && strings.HasPrefix(parts[n-1], "-") && !strings.Contains(parts[n-1], " ") {
			parts[n-1] += " " + word
		} else {
			parts = append(parts, word)
		}
	}
	var b strings.Builder
	at := indent
	for i, part := range parts {
		n := columns(part)
		switch {
		case i == 0:
		case at+1+n+2 > width:
			b.WriteString(" \\\n" + strings.Repeat(" ", indent+2))
			at = indent + 2
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(part)
		at += n
	}
	return b.String()
}

// shellWords are the words of a command, quotes and all.
func shellWords(command string) (words []string) {
	open := false
	for _, word := range strings.Split(command, " ") {
		if open {
			words[len(words)-1] += " " + word
		} else {
			words = append(words, word)
		}
		open = open != (strings.Count(word, "'")%2 == 1)
	}
	return words
}
