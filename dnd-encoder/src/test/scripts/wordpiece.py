#!/usr/bin/env python3
"""Makes wordpiece/golden.tsv: the token ids of texts by BERT's uncased tokenizer (Devlin et al.), written
here from its description: basic tokenization (control characters, white space, Chinese characters, lower
case, accents, punctuation) and then the longest pieces of the vocabulary first. Run it in
src/test/resources/io/github/dnd4j/encoder with the path of a tokenizer.json that holds the vocabulary,
such as bge-small-en-v1.5-tokenizer.json from its jar. A line is a text, how often it is repeated, the
length, and the ids with [CLS], [SEP] and padding, cut at the length.
"""
import json
import os
import sys
import unicodedata

TEXTS = [
    ("", 1, 2), ("", 1, 5),
    ("Hello, world!", 1, 6), ("Hello, world!", 1, 7), ("Hello, world!", 1, 5), ("Hello, world!", 1, 2),
    ("Na\u00efve caf\u00e9 D\u00c9J\u00c0 VU, \u00c5ngstr\u00f6m", 1, 24),
    ("\U0001F680 to the \U0001F315!", 1, 10),
    ("\u6cb3\u6d41\u5411\u5317\u6d41\u3002\u6771\u4eac abc\u4e2d\u6587def", 1, 24),
    ("unaffable electroencephalographically", 1, 20),
    ("query: how much protein should a female eat", 1, 16),
    ("tab\there\nline\rend\u00a0nbsp\u3000wide", 1, 24),
    ("zero\u0000byte \ufffd bell\u0007 soft\u00adhyphen", 1, 20),
    ("$12.50 + 3^2 ~ `code` {x}|<y> #tag @me e-mail_it's", 1, 48),
    ("x" * 100, 1, 110), ("x" * 101, 1, 6),
    ("\u03a3\u0399\u0393\u039c\u0391 \u0411\u043e\u043b\u044c\u0448\u043e\u0439 \u0130stanbul", 1, 32),
    ("The river runs on. ", 5264, 512),  # 100,016 characters
]


def is_chinese(c):
    return any(a <= c <= b for a, b in (
        (0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F),
        (0x2B740, 0x2B81F), (0x2B820, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F)))


def is_punctuation(c):
    o = ord(c)
    return (33 <= o <= 47 or 58 <= o <= 64 or 91 <= o <= 96 or 123 <= o <= 126
            or unicodedata.category(c).startswith("P"))


def basic(text):
    cleaned = ""
    for c in text:
        if c in "\t\n\r" or unicodedata.category(c) == "Zs":
            cleaned += " "
        elif ord(c) in (0, 0xFFFD) or unicodedata.category(c).startswith("C"):
            continue
        else:
            cleaned += " %s " % c if is_chinese(ord(c)) else c
    words = []
    for word in cleaned.split():
        word = unicodedata.normalize("NFD", word.lower())
        word = "".join(c for c in word if unicodedata.category(c) != "Mn")
        part = ""
        for c in word:
            if is_punctuation(c):
                words += [part, c] if part else [c]
                part = ""
            else:
                part += c
        if part:
            words.append(part)
    return words


def pieces(word, vocabulary):
    if len(word) > 100:
        return ["[UNK]"]
    found, start = [], 0
    while start < len(word):
        for end in range(len(word), start, -1):
            piece = ("##" if start else "") + word[start:end]
            if piece in vocabulary:
                found.append(piece)
                start = end
                break
        else:
            return ["[UNK]"]
    return found


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        vocabulary = json.load(file)["model"]["vocab"]
    os.makedirs("wordpiece", exist_ok=True)
    with open("wordpiece/golden.tsv", "w", newline="\n") as file:
        for text, times, length in TEXTS:
            ids = [vocabulary[p] for w in basic(text * times) for p in pieces(w, vocabulary)]
            ids = [vocabulary["[CLS]"]] + ids[:length - 2] + [vocabulary["[SEP]"]]
            ids += [vocabulary["[PAD]"]] * (length - len(ids))
            file.write("\t".join([json.dumps(text), str(times), str(length), json.dumps(ids)]) + "\n")


main()
