"""Pages of the directory: consents, finding patients, the review list, policies, emergencies.

Who may open them is said in the site's `urls.py`; every view finds the actor on the request.
"""
