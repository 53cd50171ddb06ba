"""For a notebook: read the training history into ``df``.

    %run -m src.history.history_reader_script                 reads logs/
    %run -m src.history.history_reader_script logs/my_run     reads one run

It leaves ``reader``, a TrainingHistoryReader, and ``df``, its whole history. (``%run`` with the
path of this file does the same.)
"""

import sys

from src.history.reader import TrainingHistoryReader

if __name__ == "__main__":
    reader = TrainingHistoryReader(sys.argv[1] if len(sys.argv) > 1 else "logs")
    df = reader.get_history()
    epochs = f", epochs {df['step'].min()} to {df['step'].max()}" if len(df) else ""
    print(f"{reader.log_directory}: {len(df):,} records of {df['run'].nunique()} run(s){epochs}")
    print("reader: TrainingHistoryReader; df: columns " + ", ".join(df.columns))
