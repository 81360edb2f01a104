"""The image networks that Golubeva 2021 and Price and Tanner 2021 scale and thin out, by width."""
