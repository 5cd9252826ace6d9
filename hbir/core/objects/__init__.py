"""Read files of object stores, such as S3, through fsspec."""
