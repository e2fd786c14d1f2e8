from reports import own

# A test asks right after it has changed something; it does not wait for what reading the rows anew has cost.
own.PATIENCE = 0
