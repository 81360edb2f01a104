"""Image networks of Golubeva 2021, Price and Tanner 2021 and Casper 2021, scaled by width."""
