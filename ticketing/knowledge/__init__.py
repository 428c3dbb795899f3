"""Knowledge base (知识库, C8): articles of departments, reviewed, searched, told when wrong."""
