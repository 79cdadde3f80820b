"""Who works here and what they did: users and the append-only event of every act."""
