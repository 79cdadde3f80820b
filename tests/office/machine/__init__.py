"""The machine over money: a small town in which anybody tries any act that moves money, watched from outside."""
