"""Hot topics and places (C13): what people call about more than before."""
