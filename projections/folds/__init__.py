"""From sets of facts to rows: what a fold is, how folds are run, and one file or folder per fold.

- ``fold``, ``folding``, ``lookups``, ``order``: the pure contract, the engine, all folds in order
- ``reference``: campaigns, links, forms and rules as in force when a fact was recorded
- ``campaigns``, ``entries``, ``contacts``, ``identity``, ``messages``, ``sales``, ``responses``
"""
