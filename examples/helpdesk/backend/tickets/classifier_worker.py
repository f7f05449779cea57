"""
The classifier's process: a title as JSON on standard input, its category as JSON on standard output. With `--stay` it
classifies one title by itself, prints `ready` and stays, as a worker that keeps its model in memory does.
"""
import json
import os
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from threading import Event

CATEGORIES = ["access", "billing", "hardware", "software"]
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "i", "cannot", "sign", "in", "my", "the", "invoice", "printer",
         "crashes", "screen"]


def model_and_tokenizer():
    """A small model with random weights that are the same every time: it stands for one that was trained."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

    torch.manual_seed(20251013)
    torch.set_num_threads(1)
    config = BertConfig(
        vocab_size=len(WORDS), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=64, num_labels=len(CATEGORIES),
    )
    with tempfile.TemporaryDirectory() as folder:
        vocabulary = Path(folder, "vocab.txt")
        vocabulary.write_text("\n".join(WORDS), encoding="utf-8")
        tokenizer = BertTokenizer(str(vocabulary))
    return BertForSequenceClassification(config).eval(), tokenizer


def answer(text: str) -> dict:
    import torch

    model, tokenizer = model_and_tokenizer()
    with torch.no_grad():
        logits = model(**tokenizer(text, return_tensors="pt", truncation=True, max_length=64)).logits[0]
    return {"category": CATEGORIES[int(logits.argmax())], "logits": [round(float(x), 4) for x in logits]}


def stay() -> None:
    if find_spec("torch") is not None:
        answer("my printer crashes")
    print("ready", flush=True)
    Event().wait()


def main() -> None:
    print(json.dumps(answer(json.load(sys.stdin)["text"])))


if __name__ == "__main__":
    stay() if sys.argv[1:] == ["--stay"] else main()
