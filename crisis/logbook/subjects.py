"""Subjects: what an entry of the audit log is about, as joins for whoever reads the log of one activation.

An entry names its subject as ``noun:number``. What is about a delivery, a revision or a message is of that message's activation.
"""

from typing import Final

JOINS: Final = """
        CROSS JOIN LATERAL (SELECT split_part(e.record::jsonb ->> 'subject', ':', 1) AS noun,
                                   CAST(substring(e.record::jsonb ->> 'subject' FROM ':([0-9]{1,18})$') AS bigint) AS number) s
        LEFT JOIN deliveries d ON s.noun = 'delivery' AND d.id = s.number
        LEFT JOIN renditions r ON r.id = d.rendition_id
        LEFT JOIN revisions v ON v.id = CASE s.noun WHEN 'revision' THEN s.number ELSE r.revision_id END
        LEFT JOIN messages m ON m.id = CASE s.noun WHEN 'message' THEN s.number ELSE v.message_id END
"""
"""After ``audit e``: the subject ``s``, and of it the delivery ``d``, the rendition ``r``, the revision ``v`` and the message ``m``."""
