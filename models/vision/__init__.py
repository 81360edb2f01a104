"""The image networks that Golubeva 2021, Price and Tanner 2021 and Casper 2021 scale and thin out, by width."""
