"""Bi-directional tuning (BiTA, arXiv 2401.12522 §3.1) of a frozen model.

Read in this order:

    config.py        the families of models, and the dimensions of one
    llama.py         the frozen model out of its GGUF file
    text.py          the keys, values and hidden states of a text
    tokenizer.py     its tokenizer and chat template
    decode.py        decodes many texts at once
    self_prompts.py  prompts that the model writes
    states.py        hidden states of texts, kept in files
    answers.py       its greedy answers, the training data
    layout.py        groups of masks after one text
    adapter.py       the learned parameters
    draft.py         the forward pass of mask rows
    loss.py          the loss of a draft
    train.py         the training loop
    run.py           checkpoints
    trees.py         tokens a pass, by the shape of the draft tree
    evaluate.py      held-out figures and the table for the planner
    hydra.py         a head that drafts without rows
    guesses.py       the likeliest guesses of the masks, kept in files
    conditional.py   a head that reranks them by the token before
    reranking.py     its evaluation
    adapter_file.py  the file that the server loads
    plot.py          the curves
"""
