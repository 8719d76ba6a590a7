"""The chat in the browser.

* ``desk``: what the page needs of an assistant, as plain values. Knows nothing of gradio.
* ``app``: the gradio application, its API and its MCP tools. The only importer of gradio.
* ``guard``: who may knock, and what leaves with every response. In front of every route.
* ``serving``: the server.
* ``static``: the page itself.
"""
