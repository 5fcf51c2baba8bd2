"""The rehearsal: the whole life of the accounts on software keys, by the real code of each room."""
