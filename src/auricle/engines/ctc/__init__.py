"""From the frames of a CTC model to words: greedy or beam search, language model, times, confidences.

Knows: log-probabilities of each frame, and what each output stands for. Refuses to know: models,
sound, files of recordings.

    >>> import numpy as np
    >>> from auricle.engines.ctc.alphabet import Alphabet
    >>> from auricle.engines.ctc.greedy import greedy
    >>> alphabet = Alphabet(("", " ", "h", "i"), blank=0)
    >>> frames = np.log(np.full((4, 4), 0.1) + 0.6 * np.eye(4)[[2, 2, 0, 3]])
    >>> alphabet.text(unit.id for unit in greedy(frames, alphabet.blank))
    'hi'

Source: Graves et al. 2006, "Connectionist Temporal Classification".
"""
