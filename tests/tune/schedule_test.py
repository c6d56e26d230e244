import unittest

from tune.schedule import FLOOR, share_of_rate


class TestShareOfRate(unittest.TestCase):
    def test_rises_then_falls(self):
        shares = [share_of_rate(step, steps=100, warm_up=10) for step in range(100)]
        self.assertAlmostEqual(shares[0], 0.1)
        self.assertEqual(max(shares), shares[9])
        self.assertEqual(shares[9:], sorted(shares[9:], reverse=True))
        self.assertAlmostEqual(share_of_rate(100, steps=100, warm_up=10), FLOOR)
