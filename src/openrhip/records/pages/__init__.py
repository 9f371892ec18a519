"""Pages of records: a citizen's own, the clinician's workbench, the operator's console.

Who may open them is said in the site's `urls.py`; every view finds the actor on the request.
"""
