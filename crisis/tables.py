"""Every table, in one place: whoever stores a row must know the tables that its foreign keys lead to, whatever else it does."""

import crisis.accounts.models
import crisis.activations.models
import crisis.audiences.models
import crisis.audit.models
import crisis.deliveries.models
import crisis.drills.models
import crisis.levers.models
import crisis.limits.models
import crisis.logbook.models
import crisis.messages.models
import crisis.notifications.models
import crisis.pointers.models
import crisis.posts.models
import crisis.schedules.models
import crisis.tokens.models
import crisis.users.models
import crisis.watch.models  # noqa: F401 - importing the models is what fills the metadata
