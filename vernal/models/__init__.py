"""Parts of models, and operations on their weights; any `torch.nn.Module` will do."""
