import torch

from vernal.data import Chunk, DataModule


def test_parts_that_were_not_given_are_none():
    module = DataModule()
    module.prepare_data()
    module.setup()
    assert (module.train, module.validation, module.test, module.collate) == (None, None, None, None)


def test_a_subclass_fills_the_parts_in_setup():
    class Mine(DataModule):
        def setup(self):
            self.train = Chunk.from_arrays(torch.zeros(4, 2), torch.zeros(4))

    module = Mine(collate=list)
    module.setup()
    assert len(module.train) == 4
    assert module.collate is list
