"""Durability: the folder a store is kept in, its log, its snapshots, and the way back from them."""
