"""From sets of facts to rows: what a fold is, how folds are run, and one file or folder per fold.

- ``fold``, ``folding``, ``order``: contract, engine, all folds
- ``keeping``, ``met``, ``waits``, ``lookups``, ``changes``: what the engine reads and writes
- ``reference``: campaigns, links, forms and rules as in force when a fact was recorded
- ``campaigns``, ``entries``, ``contacts``, ``identity``, ``messages``, ``sales``,
  ``responses``, ``members``
"""
