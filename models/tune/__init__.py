"""Bi-directional tuning (BiTA, arXiv 2401.12522 §3.1) of a frozen model.

Read in this order:

    llama.py         the frozen model out of its GGUF file
    text.py          a text that it has read
    tokenizer.py     its tokenizer and chat template
    decode.py        many texts continued at once
    self_prompts.py  prompts that the model writes itself
    states.py        hidden states of texts, kept in files
    answers.py       its greedy answers: what there is to learn
    layout.py        groups of masks behind one text
    adapter.py       what is learned
    draft.py         the forward pass of mask rows
    loss.py          what a good draft is
    train.py         the loop
    run.py           how it resumes
    trees.py         tokens a pass, by the shape of the draft tree
    evaluate.py      held-out figures and the table for the planner
    hydra.py         a head that drafts without rows
    adapter_file.py  the file that the server loads
    plot.py          the curves
"""
